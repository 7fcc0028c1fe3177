/* SPDX-License-Identifier: MIT */
/* What /proc says about a process: less than the module, but to anybody. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
	pid_t pid;		/* of the process, where a thread was asked for */
	uint64_t start_ticks;	/* since boot */
	char comm[64];		/* as it is, nothing escaped */
};

/* How long a tick of start_ticks is. */
uint64_t proc_tick_ns(void);

/* Return: whether there is such a process, and may be seen. */
bool proc_read(pid_t pid, struct proc *proc);

#endif
