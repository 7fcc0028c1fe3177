// SPDX-License-Identifier: MIT
/* Signals for the process that was meant, whatever its number is by then. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "format.h"
#include "top.h"

#define START_FIELD 22	/* of /proc/PID/stat; see proc(5) */

/* When the process that has this number now started, in ticks; 0: unknown. */
static uint64_t start_ticks(pid_t pid)
{
	char path[32], text[1024], *at;
	size_t length;
	FILE *file;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	at = strrchr(text, ')');	/* names may have blanks in them */
	for (field = 2; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoumax(at, NULL, 10) : 0;
}

int top_target_open(pid_t pid, uint64_t start_ns)
{
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return -1;
	/* The descriptor holds whom we look at now. */
	if (start_ticks(pid) != start_ns / tick_ns) {
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
