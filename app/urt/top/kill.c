// SPDX-License-Identifier: MIT
#include "top/kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc.h"

int top_target_open(pid_t pid, uint64_t start_ns)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct proc proc;

	if (fd < 0)
		return -1;
	/* The descriptor keeps the process that we look at now. */
	if (!proc_read(pid, &proc) ||
	    proc.start_ticks != start_ns / proc_tick_ns()) {
		close(fd);
		errno = ESRCH;
		return -1;
	}
	return fd;
}

int top_target_signal(int target, int number)
{
	return (int)syscall(SYS_pidfd_send_signal, target, number, NULL, 0);
}
