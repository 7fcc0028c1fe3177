// SPDX-License-Identifier: MIT
#include "proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define START_FIELD 22	/* of /proc/PID/stat; see proc(5) */

uint64_t proc_tick_ns(void)
{
	return NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* Return: whether the file has contents. */
static bool read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	fclose(file);
	text[length] = '\0';
	return length;
}

/* The number of a thread is in /proc as well. */
static bool find_process(pid_t pid, pid_t *process)
{
	char text[4096], *at;

	if (!read_file(pid, "status", text, sizeof(text)))
		return false;
	at = strstr(text, "\nTgid:");
	if (!at)
		return false;
	*process = (pid_t)strtol(at + strlen("\nTgid:"), NULL, 10);
	return *process > 0;
}

bool proc_read(pid_t pid, struct proc *proc)
{
	char text[1024], *name, *at;
	int field;

	if (!find_process(pid, &proc->pid) ||
	    !read_file(proc->pid, "stat", text, sizeof(text)))
		return false;
	name = strchr(text, '(');
	at = strrchr(text, ')');	/* a name may contain blanks */
	if (!name || !at)
		return false;
	snprintf(proc->comm, sizeof(proc->comm), "%.*s", (int)(at - name - 1),
		 name + 1);
	for (field = 2; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	proc->start_ticks = at ? strtoumax(at, NULL, 10) : 0;
	return at;
}
