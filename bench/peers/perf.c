// SPDX-License-Identifier: MIT
/* perf's task clock: the CPU time of a process while the descriptor is open. */
#define _GNU_SOURCE
#include "perf.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Return: a descriptor, or -1 with errno. */
int perf_open(pid_t pid, bool inherit)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.inherit = inherit,
	};

	return syscall(SYS_perf_event_open, &attr, pid, -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}
