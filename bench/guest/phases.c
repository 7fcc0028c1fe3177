// SPDX-License-Identifier: MIT
/*
 * The phases of a profile that are not about forks and exits: registering,
 * refreshing and reading, of COUNT processes at once. The first time allocates
 * memory and fills caches. Unless a phase is about the first time, it has been
 * done once before.
 *
 * Each line has the name of the phase, its number of processes, and what
 * counts. "self" is all work that the task of the phase has the kernel do. The
 * name of a function of the module is that function, whichever task enters it.
 * "*" is all functions.
 */
#define _GNU_SOURCE
#include "phases.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "children.h"
#include "forks.h"
#include "urt.h"

#define COUNT 1000
/*
 * Of more than 1,000, each has run for a tenth of the time, which saves most of
 * it.
 */
#define STARTED (COUNT + 1)
#define INTERVAL "/sys/module/usertime/parameters/interval_ms"
#define NEVER "3600000"

static char text[COUNT * 256];

static void begin(void)
{
	profile_mark();
}

static void end(const char *what, const char *counts)
{
	profile_mark();
	printf("# phase %s,%d,%s\n", what, COUNT, counts);
	fflush(stdout);
}

/* Waits until RCU has freed all dead objects, and work is paid for. */
static void settle(void)
{
	struct timespec ts = { .tv_nsec = 300000000 };

	must(!nanosleep(&ts, NULL));
}

static void read_all(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = pread(fd, text + len, sizeof(text) - len, len)) > 0)
		len += n;
	must(!n && len && len < sizeof(text));
}

static void put(int fd, const char *word)
{
	ssize_t len = strlen(word);

	must(write(fd, word, len) == len);
}

static void put_number(int fd, const char *format, int number)
{
	char word[32];

	snprintf(word, sizeof(word), format, number);
	put(fd, word);
}

static void wait_for(int fd, short event)
{
	struct pollfd p = { .fd = fd, .events = event };

	must(poll(&p, 1, 60000) == 1 && p.revents & event);
}

/* --- refreshing and reading the system registry --- */

/* We ask for the next refresh. No other one comes before it. */
static void refresh(int status)
{
	settle();
	read_all(status);
	spit(INTERVAL, "10");
	wait_for(status, POLLIN);
	spit(INTERVAL, NEVER);
}

static void profile_refresh(int status, const char *what)
{
	settle();
	read_all(status);
	begin();
	spit(INTERVAL, "10");
	wait_for(status, POLLIN);
	end(what, "update_cputimes");
	spit(INTERVAL, NEVER);
}

static void profile_read(int fd, const char *what)
{
	begin();
	read_all(fd);
	end(what, "self");
}

/* One process with COUNT sleeping threads, and one more. */
static void profile_threads(int status)
{
	const pid_t *ids = children_start_threads(STARTED);

	put_number(status, "%d", ids[0]);
	refresh(status);
	profile_refresh(status, "refresh per thread where none has run");
	children_run();
	profile_refresh(status, "refresh per thread where each has run");
	put_number(status, "-%d", ids[0]);
	children_end();
}

static void profile_register(int status, const pid_t *pids)
{
	begin();
	for (int i = 0; i < COUNT; i++)
		put_number(status, "%d", pids[i]);
	end("registering by a write() each", "self");
}

static void profile_system(const pid_t *pids)
{
	int status = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	int stat = open(URT_STAT_PATH, O_RDONLY | O_CLOEXEC);

	must(status >= 0 && stat >= 0);
	profile_register(status, pids);
	refresh(status);
	read_all(stat);
	profile_refresh(status, "refresh where none has run");
	profile_read(status, "status first read where none has run");
	children_run();
	profile_refresh(status, "refresh where each has run");
	profile_read(status, "status first read where each has run");
	profile_read(status, "status read again");
	profile_read(stat, "stat first read where each has run");
	profile_read(stat, "stat read again");
	for (int i = 0; i < COUNT; i++)
		put_number(status, "-%d", pids[i]);
	close(stat);
	close(status);
}

/* --- sessions --- */

static int open_session(void)
{
	int fd = open(URT_SESSION_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	must(fd >= 0);
	put(fd, "interval " NEVER);
	return fd;
}

static void ask_session(int session)
{
	struct pollfd p = { .fd = session, .events = POLLPRI };

	settle();
	must(poll(&p, 1, 0) >= 0);	/* the present generation */
	put(session, "interval 10");
	wait_for(session, POLLPRI);
}

static void profile_mapped(const pid_t *pids)
{
	int session = open_session();
	void *map;

	for (int i = 0; i < COUNT; i++)
		put_number(session, "%d", pids[i]);
	map = mmap(NULL, URT_MAP_LENGTH(COUNT), PROT_READ, MAP_SHARED, session,
		   0);
	must(map != MAP_FAILED);
	ask_session(session);
	put(session, "interval " NEVER);
	begin();
	ask_session(session);
	end("refresh of a map where none has run", "update_cputimes");
	must(!munmap(map, URT_MAP_LENGTH(COUNT)));
	close(session);
}

/* Return: how many lines were read. */
static int read_records(int session)
{
	int lines = 0;
	ssize_t n;

	while ((n = read(session, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	}
	return lines;
}

static void profile_records(void)
{
	int session = open_session(), records;

	put_number(session, "tree %d", getpid());
	forks(COUNT);
	settle();
	begin();
	records = read_records(session);
	end("records read together", "self");
	must(records == COUNT);
	begin();
	settle();
	end("records freed", "*");
	close(session);
}

/* The module is loaded, and no process is registered. */
void phases_profile(void)
{
	int status = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	pid_t *pids;

	must(status >= 0);
	spit(INTERVAL, NEVER);
	profile_threads(status);
	close(status);
	pids = children_start(STARTED);
	profile_system(pids);
	profile_mapped(pids);
	children_end();
	profile_records();
}
