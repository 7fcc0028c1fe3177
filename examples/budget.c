// SPDX-License-Identifier: MIT
/*
 * budget PID SECONDS: limits the CPU time of a process together with all
 * processes that it has started and will start. RLIMIT_CPU limits each process
 * alone. When the budget is used up, all of them get SIGTERM.
 *
 *	cc -o budget budget.c $(pkg-config --cflags --libs liburt)
 *	./build.sh & ./budget $! 600
 *
 * Exit status: 0 all have ended before; 3 the budget was used up; 1 an error; 2
 * usage.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <liburt.h>

static int fail(const char *what)
{
	fprintf(stderr, "budget: %s: %s\n", what, urt_strerror(errno));
	return 1;
}

/*
 * Adds the CPU time of processes that ended since the last call.
 * Return: whether the records could be read.
 */
static bool take_records(struct urt *u, uint64_t *ns)
{
	struct urt_record record;
	int ret;

	while ((ret = urt_next(u, &record, 0)) == 1)
		*ns += record.utime_ns + record.stime_ns;
	return !ret || errno == ETIMEDOUT || errno == EINTR;
}

static uint64_t sum(const struct urt_snapshot *s)
{
	uint64_t ns = 0;
	size_t i;

	for (i = 0; i < s->count; i++)
		ns += s->processes[i].utime_ns + s->processes[i].stime_ns;
	return ns;
}

/* Return: 1 if the budget is used up, 0 if all have ended, -1 for an error. */
static int follow(struct urt *u, uint64_t budget, struct urt_snapshot *s)
{
	struct pollfd fd = { urt_fd(u), POLLIN | POLLPRI, 0 };
	uint64_t ended = 0, recent[2] = { 0 }, generation = 0;

	while (poll(&fd, 1, -1) > 0 && !(fd.revents & POLLHUP)) {
		if (urt_snapshot(u, s))
			return -1;
		/*
		 * A process whose record has come may still be in this snapshot
		 * and in the next one. It counts as ended when it is in
		 * neither.
		 */
		if (s->generation != generation) {
			generation = s->generation;
			ended += recent[1];
			recent[1] = recent[0];
			recent[0] = 0;
		}
		if (!take_records(u, &recent[0]))
			return -1;
		if (ended + sum(s) > budget)
			return 1;
	}
	ended += recent[0] + recent[1];
	printf("%" PRIu64 " ms used\n", ended / 1000000);
	return ended > budget;
}

int main(int argc, char **argv)
{
	struct urt_snapshot s = { 0 };
	struct urt *u = urt_open();
	double seconds;
	size_t i;
	int ret;

	seconds = argc == 3 ? strtod(argv[2], NULL) : 0;
	if (seconds <= 0 || seconds > 1e9) {
		fputs("Usage: budget PID SECONDS\n", stderr);
		return 2;
	}
	if (!u || urt_add(u, (pid_t)strtol(argv[1], NULL, 10), URT_TREE) ||
	    urt_set_interval(u, 100) || urt_map(u, 0))
		return fail(argv[1]);
	ret = follow(u, (uint64_t)(seconds * 1e9), &s);
	if (ret < 0)
		return fail("reading");
	if (ret) {
		puts("used up");
		for (i = 0; i < s.count; i++)
			kill(s.processes[i].pid, SIGTERM);
	}
	urt_snapshot_free(&s);
	urt_close(u);
	return ret ? 3 : 0;
}
