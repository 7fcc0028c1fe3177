/* SPDX-License-Identifier: MIT */
/* Processes that only exist, and use as little as possible. */
#ifndef SLEEPERS_H
#define SLEEPERS_H

#include <sys/types.h>

pid_t *sleepers_start(int n);
void sleepers_end(void);
void sleepers_forget(void);	/* after they are killed and reaped */

#endif
