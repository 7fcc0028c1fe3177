/* SPDX-License-Identifier: MIT */
/* Shared by the BPF programs and their reader. */
#ifndef TASKS_H
#define TASKS_H

#include <linux/types.h>

#define TASKS_PIDS 4194304	/* no PID is larger */
#define TASKS_MAX 32768		/* processes, where there is a limit */

/*
 * The times of several threads of a process; with the leader, also of ended
 * threads.
 */
struct tasks_record {
	__u64 utime;		/* ns; as the tick samples it */
	__u64 stime;
	__u64 runtime;		/* ns; exact */
	__u32 pid;
	__u32 reserved;
};

struct tasks_seen {
	__u32 count;		/* more than TASKS_MAX: some had no room */
	__u32 reserved;
	struct tasks_record records[TASKS_MAX];
};

#endif
