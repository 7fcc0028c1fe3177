/* SPDX-License-Identifier: MIT */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL

/* Reads a clock. Moments of the module are of CLOCK_BOOTTIME. */
uint64_t clock_ns(clockid_t clock);

#endif
