/* SPDX-License-Identifier: MIT */
/*
 * Facts from /proc about a process. They are fewer than the module's, but any
 * user can read them.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
	pid_t pid;		/* the process, also if asked for a thread */
	uint64_t start_ticks;	/* since boot */
	char comm[64];		/* as it is, nothing escaped */
};

/* The length of a tick of start_ticks. */
uint64_t proc_tick_ns(void);

/* Return: whether the process exists and may be seen. */
bool proc_read(pid_t pid, struct proc *proc);

#endif
