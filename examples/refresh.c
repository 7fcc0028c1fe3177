// SPDX-License-Identifier: MIT
/*
 * refresh PID...: registers processes in the list that all users share, and
 * prints what that says of them with every refresh, until they are all gone. No
 * library: /proc/urt/status is written, polled and read as any file.
 *
 * Exit status: 0; 1 an error, and which; 2 wrong usage.
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
 * From the beginning, which takes a snapshot of one moment; reading on continues
 * it, however small the buffer. Return: whether one of ours is still there.
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

/* Until they are gone. poll() returns at once before the first read. */
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
