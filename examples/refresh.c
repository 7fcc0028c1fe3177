// SPDX-License-Identifier: MIT
/*
 * refresh PID...: registers processes in the list that all users share, and
 * prints their lines after every refresh, until all of them are gone. It uses
 * no library. It writes, polls and reads /proc/urt/status like any file.
 *
 * Exit status: 0; 1 an error, which is printed; 2 wrong usage.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define STATUS "/proc/urt/status"

static bool is_one_of(long pid, char **pids)
{
	for (; *pids; pids++) {
		if (strtol(*pids, NULL, 10) == pid)
			return true;
	}
	return false;
}

/*
 * Reads from the beginning, which takes a snapshot of one moment. Further reads
 * continue the snapshot, even with a small buffer.
 * Return: whether one of our processes is still there.
 */
static bool print_ours(FILE *file, char **pids)
{
	bool any = false;
	char line[64], *rest;
	long pid;

	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		pid = strtol(line, &rest, 10);
		if (!is_one_of(pid, pids))
			continue;
		printf("%ld%s", pid, rest);
		any = true;
	}
	fflush(stdout);
	return any && !ferror(file);
}

static bool register_all(FILE *file, char **pids)
{
	for (; *pids; pids++) {
		if (fprintf(file, "%s\n", *pids) < 0 || fflush(file)) {
			perror(*pids);
			return false;
		}
	}
	return true;
}

/*
 * Follows the processes until they are gone. The first poll() returns at once.
 */
static bool follow(FILE *file, char **pids)
{
	struct pollfd fd = { .fd = fileno(file), .events = POLLPRI };

	while (print_ours(file, pids)) {
		while (poll(&fd, 1, -1) < 0 && errno == EINTR)
			;
	}
	if (!ferror(file))
		return true;
	perror(STATUS);
	return false;
}

int main(int argc, char **argv)
{
	FILE *file;
	bool ok;

	if (argc < 2) {
		fputs("Usage: refresh PID...\n", stderr);
		return 2;
	}
	file = fopen(STATUS, "r+e");
	if (!file) {
		perror(STATUS);
		return 1;
	}
	ok = register_all(file, argv + 1) && follow(file, argv + 1);
	fclose(file);
	return !ok;
}
