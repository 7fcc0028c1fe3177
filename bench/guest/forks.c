// SPDX-License-Identifier: MIT
/*
 * The cost of fork, exit and wait of a process with our probes. Much of the
 * work happens later, when RCU frees the dead. Therefore the measure is the
 * time of many processes, one after the other, until all their work is done.
 */
#define _GNU_SOURCE
#include "forks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "brief.h"
#include "figures.h"
#include "sleepers.h"
#include "urt.h"

#define FORKS 500		/* in a round */
#define ROUNDS 7
#define READ_EACH 50		/* processes, by a reader that keeps up */
#define PROFILED 4		/* rounds; records fit in max_records */

static const char *const names[] = {
	"module absent", "module loaded", "tree elsewhere", "tree member",
	"busy", "busy and tree member", "record read",
};

enum {
	ABSENT, LOADED, ELSEWHERE, MEMBER, PROFILED_STATES,
	BUSY = PROFILED_STATES, BUSY_MEMBER, STATES, RECORD = STATES, ROWS
};

/* Meanwhile others are registered, and refreshed as often as possible. */
#define MANY 1000
#define BUSY_PARAMETERS "interval_ms=10"

static int session;		/* or another file; a child closes it as well */
static pid_t stranger;
static const pid_t *many;

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

	replace_session(URT_SESSION_PATH);
	len = snprintf(words, sizeof(words), "tree %d interval 3600000", root);
	must(write(session, words, len) == len);
}

static void register_many(void)
{
	int fd = open(URT_STATUS_PATH, O_WRONLY | O_CLOEXEC), len;
	char word[16];

	must(fd >= 0);
	for (int i = 0; i < MANY; i++) {
		len = snprintf(word, sizeof(word), "%d\n", many[i]);
		must(write(fd, word, len) == len);
	}
	close(fd);
}

static void enter(int state)
{
	if (state == ELSEWHERE)
		open_session(stranger);
	if (state == MEMBER || state == BUSY_MEMBER)
		open_session(getpid());
	if (state >= BUSY)
		register_many();
}

static void start(void)
{
	stranger = fork();
	if (!stranger) {
		pause();
		_exit(0);
	}
	must(stranger > 0);
	session = open("/dev/null", O_RDWR | O_CLOEXEC);
	must(session >= 0);
}

static void end(void)
{
	close(session);
	must(!kill(stranger, SIGKILL) && waitpid(stranger, NULL, 0) == stranger);
}

/*
 * Return: how many records have come and been read. *cost is the cost of
 * reading.
 */
static int read_records(uint64_t *cost)
{
	static char text[2 * PROFILED * FORKS * 100];
	uint64_t begin = tsc();
	size_t len = 0;
	int count = 0;
	ssize_t n;

	while ((n = read(session, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	*cost = tsc() - begin;
	text[len] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		must(!strncmp(line, "exit ", 5));	/* none lost or missed */
		count++;
	}
	return count;
}

void forks(int n)
{
	pid_t pid;

	for (int i = 0; i < n; i++) {
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			syscall(SYS_exit_group, 0);
		must(waitpid(pid, NULL, 0) == pid);
	}
}

/* Includes all delayed work. */
static uint64_t round_of(void)
{
	uint64_t begin, quiet;

	until_quiet();
	quiet = until_quiet();
	begin = tsc();
	forks(FORKS);
	until_quiet();
	return tsc() - begin - quiet;
}

static void sample(int state, uint64_t cost[ROWS])
{
	int records;

	unmap_stacks();
	if (state >= LOADED)
		module_load(state >= BUSY ? BUSY_PARAMETERS : "");
	enter(state);
	cost[state] = round_of();
	if (state == MEMBER) {
		records = read_records(&cost[RECORD]);
		must(records >= FORKS);
		cost[RECORD] = cost[RECORD] * FORKS / records;
	}
	replace_session("/dev/null");
	if (state >= LOADED)
		module_unload();
}

static void print(int row, const char *which, uint64_t cost)
{
	figure("fork", names[row], which, (double)cost / FORKS, "instructions");
}

/* The module is not loaded before and after. */
void forks_measure(void)
{
	uint64_t seen[ROWS][ROUNDS], cost[ROWS];

	start();
	many = sleepers_start(MANY);
	/* The first round brings memory into the state of the other rounds. */
	for (int round = -1; round < ROUNDS; round++) {
		for (int state = 0; state < STATES; state++)
			sample(state, cost);
		for (int row = 0; row < ROWS && round >= 0; row++)
			seen[row][round] = cost[row];
	}
	for (int row = 0; row < ROWS; row++) {
		print(row, "median", median(seen[row], ROUNDS));
		print(row, "lowest", seen[row][0]);
		print(row, "highest", seen[row][ROUNDS - 1]);
	}
	sleepers_end();
	end();
}

/* --- for the profile --- */

/* Waits until RCU has freed all dead objects. */
static void bury(void)
{
	struct timespec ts = { .tv_nsec = 300000000 };

	must(!nanosleep(&ts, NULL));
}

static int rounds(int n, bool read)
{
	int records = 0;
	uint64_t cost;

	for (int i = 0; i < n * FORKS / READ_EACH; i++) {
		forks(READ_EACH);
		if (read)
			records += read_records(&cost);
	}
	bury();
	return read ? records + read_records(&cost) : 0;
}

/* All effects of the phase are in it. Effects of earlier work are over. */
static void profile(const char *name, bool read)
{
	int records;

	rounds(1, read);
	profile_mark();
	records = rounds(PROFILED, read);
	profile_mark();
	must(!read || records == PROFILED * FORKS);
	printf("# phase %s,%d\n", name, PROFILED * FORKS);
}

/* All records of the last phase are read in this one. */
static void profile_reading(void)
{
	uint64_t cost;
	int records;

	profile_mark();
	records = read_records(&cost);
	bury();
	profile_mark();
	must(records == (PROFILED + 1) * FORKS);
	printf("# phase records read late,%d\n", records);
}

/* The module is loaded once, at one address. */
void forks_profile(void)
{
	start();
	profile(names[ABSENT], false);
	module_load("");
	for (int state = LOADED; state < PROFILED_STATES; state++) {
		enter(state);
		profile(names[state], state == MEMBER);
	}
	profile("tree member unread", false);
	profile_reading();
	end();
}
