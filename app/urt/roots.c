// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "roots.h"

/* Of a process's line in /proc/PID/stat, its name is the longest part. */
#define LINE_MAX_SIZE 1024

/* The parent; -1: it has ended. */
static int parent_of(pid_t pid)
{
	char path[64], line[LINE_MAX_SIZE] = "", *name_end;
	int ppid = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	/* A name may have parentheses of its own. The kernel wrote the number. */
	name_end = strrchr(line, ')');
	/* NOLINTNEXTLINE(cert-err34-c) */
	if (!name_end || sscanf(name_end, ") %*c %d", &ppid) != 1)
		return -1;
	return ppid;
}

int urt_roots(void (*take)(pid_t pid, void *context), void *context)
{
	struct dirent *entry;
	pid_t pid;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return -1;
	while ((entry = readdir(proc))) {
		if (urt_parse_pid(entry->d_name, &pid) && !parent_of(pid))
			take(pid, context);
	}
	closedir(proc);
	return 0;
}

/* The number of the first PID namespace is part of the kernel's interface. */
bool urt_roots_grow(void)
{
	char link[64] = "";

	return readlink("/proc/self/ns/pid", link, sizeof(link) - 1) < 0 ||
	       strcmp(link, "pid:[4026531836]") != 0;
}
