/* SPDX-License-Identifier: MIT */
/* Processes that end at once, and the work that they delay. */
#ifndef BRIEF_H
#define BRIEF_H

#include <stdint.h>
#include <sys/types.h>

pid_t fork_brief(void);
uint64_t until_quiet(void);
void unmap_stacks(void);	/* the module is not loaded */

#endif
