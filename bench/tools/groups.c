// SPDX-License-Identifier: MIT
/*
 * Control groups of version 2, and the kernel's own time for this module. No
 * controller is needed, because the run time of a group is always counted,
 * exactly.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const groups[] = { "tool", "load", "aside" };

void groups_init(void)
{
	char path[64];

	must(!mount("cgroup2", GROUP, "cgroup2", 0, NULL));
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		snprintf(path, sizeof(path), GROUP "/%s", groups[i]);
		must(!mkdir(path, 0755));
	}
}

static FILE *open_file(const char *group, const char *file, const char *mode)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), GROUP "/%s/%s", group, file);
	f = fopen(path, mode);
	must(f);
	return f;
}

void group_move(const char *group, const char *pid)
{
	FILE *f = open_file(group, "cgroup.procs", "w");

	must(fputs(pid, f) >= 0);
	must(!fclose(f));
}

/*
 * Sends the signal to each process of the group; 0 sends none.
 * Return: how many processes there are.
 */
static int signal_all(const char *group, int signal)
{
	FILE *f = open_file(group, "cgroup.procs", "r");
	int pid, count = 0;

	while (fscanf(f, "%d", &pid) == 1) {
		kill(pid, signal);
		count++;
	}
	fclose(f);
	return count;
}

int group_count(const char *group)
{
	return signal_all(group, 0);
}

/* Kills a process that has not ended some seconds after the signal. */
void group_end(const char *group, int signal, int seconds)
{
	struct timespec ts = { .tv_nsec = 100000000 };

	signal_all(group, signal);
	for (int i = 0; i < seconds * 10 && group_count(group); i++) {
		nanosleep(&ts, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (signal_all(group, SIGKILL)) {
		nanosleep(&ts, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static double group_us(const char *group)
{
	FILE *f = open_file(group, "cpu.stat", "r");
	double us;

	must(fscanf(f, "usage_usec %lf", &us) == 1);
	fclose(f);
	return us;
}

/*
 * Whether it is a worker for urgent work on any CPU. Here only this module has
 * such work.
 */
static bool is_urgent_worker(const char *pid)
{
	char path[300], name[64] = "";
	const char *colon;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	colon = strchr(name, ':');
	if (strncmp(name, "kworker/u", 9) || !colon)
		return false;
	for (colon++; isdigit(*colon); colon++)
		;
	return *colon == 'H';
}

static double run_us(const char *pid)
{
	char path[300];
	double ns = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/schedstat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	must(fscanf(f, "%lf", &ns) == 1);
	fclose(f);
	return ns / 1000;
}

static double workers_us(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	double us = 0;

	must(proc);
	while ((entry = readdir(proc))) {
		if (isdigit(entry->d_name[0]) &&
		    is_urgent_worker(entry->d_name))
			us += run_us(entry->d_name);
	}
	closedir(proc);
	return us;
}

/* The CPU time of the tool so far, and of this module's workers for it. */
double cost_us(void)
{
	return group_us("tool") + workers_us();
}
