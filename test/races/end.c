// SPDX-License-Identifier: MIT
/* After the end of all actors, none of their effects may be left. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>

#include "races.h"

/* --- processes --- */

/* Return: how many processes there are, except the kernel's, init and us. */
static unsigned int others(bool print)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int n = 0;
	pid_t pid;
	char c;

	must(dir);
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid < 3 || pid == getpid())
			continue;
		c = state_of(pid);
		/* 0: a thread of the kernel; -1: it is gone. */
		if (!c || getpgid(pid) <= 0)
			continue;
		n++;
		if (print)
			printf("# %d is still there, in state %c\n", pid, c);
	}
	closedir(dir);
	return n;
}

bool end_of_processes(void)
{
	uint64_t until = now_ns() + HANG_S * SEC;

	while (others(false)) {
		/*
		 * Kills processes that were forked during the last round of
		 * signals as well.
		 */
		kill(-1, SIGKILL);
		kill(-1, SIGCONT);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (now_ns() > until)
			return !others(true);
		usleep(20000);
	}
	return true;
}

/* --- registrations --- */

/* Unregisters processes that cannot end: init, and threads of the kernel. */
static void unregister_living(void)
{
	char *text = slurp(STATUS), *line, *save;
	int pid;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		must(sscanf(line, "%d:", &pid) == 1);
		if (state_of(pid))
			registers("-%d", pid);
	}
	free(text);
}

bool end_of_registrations(void)
{
	uint64_t until = now_ns() + 60 * SEC;
	char *text;

	set_interval(50);
	unregister_living();
	for (;;) {
		text = slurp(STATUS);
		if (!*text)
			break;
		if (now_ns() > until) {
			printf("# still registered:\n# %s\n", text);
			return false;
		}
		free(text);
		usleep(20000);
	}
	free(text);
	return !stat_header().processes;
}

bool end_of_module(void)
{
	uint64_t until = now_ns() + 60 * SEC;
	int err;

	while ((err = unload())) {
		if (now_ns() > until) {
			printf("# rmmod: %s\n", strerror(err));
			return false;
		}
		usleep(20000);
	}
	return true;
}
