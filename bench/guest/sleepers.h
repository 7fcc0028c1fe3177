/* SPDX-License-Identifier: MIT */
/* Processes that do nothing, and as little else as possible. */
#ifndef SLEEPERS_H
#define SLEEPERS_H

#include <sys/types.h>

pid_t *sleepers_start(int n);
void sleepers_end(void);
void sleepers_forget(void);	/* who have been killed and reaped */

#endif
