/* SPDX-License-Identifier: MIT */
#ifndef PERF_H
#define PERF_H

#include <stdbool.h>
#include <sys/types.h>

int perf_open(pid_t pid, bool inherit);

#endif
