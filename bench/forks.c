// SPDX-License-Identifier: MIT
/*
 * What fork, exit and wait of a process cost with our probes in their way. Much
 * of it happens later, when RCU frees the dead: what counts is the time that
 * many of them take, one after the other, until all of it is done.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define FORKS 500		/* in a round */
#define READ_EACH 50
#define ROUNDS 31

static const char *const names[] = {
	"module absent", "module loaded", "tree elsewhere", "tree member",
};

enum { ABSENT, LOADED, ELSEWHERE, MEMBER, STATES };

static int session;		/* or something else: a child closes it, too */
static pid_t stranger;

static void load(void)
{
	int fd = open("/usertime.ko", O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && !syscall(SYS_finit_module, fd, "", 0));
	close(fd);
}

static void replace_session(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	must(fd >= 0 && dup3(fd, session, O_CLOEXEC) == session);
	close(fd);
}

static void open_session(pid_t root)
{
	char words[48];
	int len;

	replace_session("/proc/urt/session");
	len = snprintf(words, sizeof(words), "tree %d interval 3600000", root);
	must(write(session, words, len) == len);
}

static void enter(int state)
{
	if (state >= LOADED)
		load();
	if (state == ELSEWHERE)
		open_session(stranger);
	if (state == MEMBER)
		open_session(getpid());
}

static void leave(int state)
{
	replace_session("/dev/null");
	if (state >= LOADED)
		must(!syscall(SYS_delete_module, "usertime", O_NONBLOCK));
}

/* The records that have come; an idle CPU's time would count, so no waiting. */
static void read_records(void)
{
	static char text[8192];

	while (read(session, text, sizeof(text)) > 0)
		;
}

/*
 * As many of the dead of the round before are buried in it as are left over
 * from it.
 */
static uint64_t round_of(int state)
{
	uint64_t begin = tsc();
	pid_t pid;

	for (int i = 0; i < FORKS; i++) {
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			syscall(SYS_exit_group, 0);
		must(waitpid(pid, NULL, 0) == pid);
		if (state == MEMBER && i % READ_EACH == READ_EACH - 1)
			read_records();
	}
	return tsc() - begin;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The module not loaded before nor after. Prints a line for each state. */
void forks_measure(void)
{
	uint64_t seen[STATES][ROUNDS], cost;

	stranger = fork();
	if (!stranger) {
		pause();
		_exit(0);
	}
	must(stranger > 0);
	session = open("/dev/null", O_RDWR | O_CLOEXEC);
	must(session >= 0);
	/* The first round makes memory what it is in the others. */
	for (int round = -1; round < ROUNDS; round++) {
		for (int state = 0; state < STATES; state++) {
			enter(state);
			round_of(state);	/* warms up */
			cost = round_of(state);
			if (round >= 0)
				seen[state][round] = cost;
			leave(state);
		}
	}
	for (int state = 0; state < STATES; state++) {
		qsort(seen[state], ROUNDS, sizeof(seen[0][0]), compare);
		printf("fork,1,%s,%llu\n", names[state], (unsigned long long)
		       seen[state][ROUNDS / 2] / FORKS);
		if (getenv("X")) printf("# %llu %llu %llu %llu %llu\n",(unsigned long long)seen[state][0]/FORKS,(unsigned long long)seen[state][ROUNDS/4]/FORKS,(unsigned long long)seen[state][ROUNDS/2]/FORKS,(unsigned long long)seen[state][ROUNDS*3/4]/FORKS,(unsigned long long)seen[state][ROUNDS-1]/FORKS);
	}
	must(!kill(stranger, SIGKILL) && waitpid(stranger, NULL, 0) == stranger);
}
