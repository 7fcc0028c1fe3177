// SPDX-License-Identifier: MIT
#include "roots.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"

/* Longest line of /proc/PID/stat that we need: the name is its longest part. */
#define LINE_MAX_SIZE 1024
/* The fields behind the name: the second is the parent, the 20th the start. */
#define START_FORMAT							\
	") %*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "	\
	"%*s %*s %*s %*s %*s %" SCNu64

/* Whether the process has no visible parent. Sets its start. */
static bool is_root(struct root *root)
{
	char path[64], line[LINE_MAX_SIZE] = "", *name_end;
	int ppid = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", root->pid);
	file = fopen(path, "re");
	if (!file)
		return false;	/* the process has ended */
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	/* A name may have parentheses of its own. The kernel wrote the numbers. */
	name_end = strrchr(line, ')');
	/* NOLINTNEXTLINE(cert-err34-c) */
	return name_end && sscanf(name_end, START_FORMAT, &ppid,
				  &root->start) == 2 && !ppid;
}

int roots_each(void (*take)(const struct root *root, void *context),
	       void *context)
{
	struct dirent *entry;
	struct root root;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return -1;
	while ((entry = readdir(proc))) {
		if (parse_pid(entry->d_name, &root.pid) && is_root(&root))
			take(&root, context);
	}
	closedir(proc);
	return 0;
}

/* The number of the first PID namespace is part of the kernel's interface. */
bool roots_grow(void)
{
	char link[64] = "";

	return readlink("/proc/self/ns/pid", link, sizeof(link) - 1) < 0 ||
	       strcmp(link, "pid:[4026531836]") != 0;
}
