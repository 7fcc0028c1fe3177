// SPDX-License-Identifier: MIT
/* Faults while files are read, mapped and waited for. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/mman.h>

#include "common.h"

static int fd;

/* --- status and stat --- */

static char seen[4096], want[4096];

/* Changes the text, because a rendered text is not rendered again. */
static void change_snapshot(void)
{
	static pid_t pid;

	if (!pid)
		pid = sleeper();
	registers("%d", pid);
	registers("-%d", pid);
}

static int read_it(void)
{
	ssize_t n = pread(fd, seen, sizeof(seen) - 1, 0);

	seen[n > 0 ? n : 0] = '\0';
	return n < 0 ? errno : 0;
}

/* The interval is an hour, so that only our actions change it. */
static void was_read(int err)
{
	ssize_t n;

	if (!err)
		expect(!strcmp(seen, want), "read\n%s\ninstead of\n%s", seen,
		       want);
	n = pread(fd, seen, sizeof(seen) - 1, 0);
	must(n > 0);
	seen[n] = '\0';
	expect(!strcmp(seen, want), "later\n%s\ninstead of\n%s", seen, want);
}

static const struct operation reading = {
	"read", change_snapshot, read_it, was_read, { ENOMEM, EFAULT },
};

static void walk_reading(const char *path)
{
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	n = pread(fd, want, sizeof(want) - 1, 0);
	must(n > 0);
	want[n] = '\0';
	faults_walk(&reading);
}

static void read_both(void *arg)
{
	int i;

	for (i = 0; i < 5; i++)
		registers("%d", sleeper());
	walk_reading(STATUS);
	walk_reading(STAT);
}

TEST(faults_read, "a read() that fails harms neither the file nor the next read",
     .params = "interval_ms=3600000", .faults = true)
{
	faults_need();
	faults_in_user(read_both);
}

/* --- records --- */

static void exit_7(void *arg)
{
	exit(7);
}

static pid_t gone;

static void let_one_exit(void)
{
	gone = stopped(exit_7, NULL);
	must(put(fd, "%d", gone) > 0);
	kill(gone, SIGCONT);
	reap(gone, NULL);
	wait_until(events_of(fd, POLLIN) & POLLIN, 10000, "no record");
}

static int read_record(void)
{
	ssize_t n = read(fd, seen, sizeof(seen) - 1);

	seen[n > 0 ? n : 0] = '\0';
	return n < 0 ? errno : 0;
}

static void record_was_read(int err)
{
	struct record r;
	char *end;

	if (err)
		must(!read_record());
	end = strchr(seen, '\n');
	expect(end && !end[1], "\"%s\"", seen);
	*end = '\0';
	record_parse(seen, &r);
	expect(r.kind == EXIT && r.pid == gone && r.status == 7 << 8, "%s",
	       seen);
	expect(!read_record() && !*seen, "and then \"%s\"", seen);
}

static const struct operation reading_records = {
	"read of a session", let_one_exit, read_record, record_was_read,
	{ ENOMEM, EFAULT },
};

static void read_session(void *arg)
{
	fd = open_session();
	faults_walk(&reading_records);
}

TEST(faults_records, "a read() of a session that fails loses no record",
     .faults = true)
{
	faults_need();
	faults_in_user(read_session);
}

/* --- mmap --- */

#define LENGTH 8192

static pid_t mapped;
static void *map;

static void fresh_session(void)
{
	fd = open_session();
	must(put(fd, "%d", mapped) > 0);
}

static int map_it(void)
{
	map = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? errno : 0;
}

static void was_mapped(int err)
{
	if (err)
		must(!map_it());
	expect(map_latest(map)->processes == 1, "%u processes",
	       map_latest(map)->processes);
	must(!munmap(map, LENGTH));
	close(fd);
}

static const struct operation mapping = {
	"mmap", fresh_session, map_it, was_mapped, { ENOMEM },
};

static void map_sessions(void *arg)
{
	mapped = sleeper();
	faults_walk(&mapping);
	/* Each was closed, so that none is charged any more. */
	for (int i = 0; i < 3; i++)
		open_session();
	expect(open(SESSION, O_RDWR) < 0 && errno == EDQUOT, "a 4th session");
}

TEST(faults_mmap, "an mmap() that fails is ENOMEM and works the next time",
     .params = "max_sessions=3 max_per_user=200", .faults = true)
{
	faults_need();
	faults_in_user(map_sessions);
}

/* --- poll --- */

static short events;

static int poll_it(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
	int n = poll(&p, 1, 0);

	events = p.revents;
	return n < 0 ? errno : 0;
}

static void polled(int err)
{
	if (err)
		must(!poll_it());
	expect(events == (POLLIN | POLLPRI), "%#x", events);
}

static const struct operation polling = {
	"poll", NULL, poll_it, polled, { ENOMEM, EFAULT },
};

static int watcher;

static void fresh_watcher(void)
{
	watcher = epoll_create1(EPOLL_CLOEXEC);
	must(watcher >= 0);
}

static int watch(void)
{
	struct epoll_event e = { .events = EPOLLIN };

	return epoll_ctl(watcher, EPOLL_CTL_ADD, fd, &e) ? errno : 0;
}

static void watched(int err)
{
	struct epoll_event e;

	if (err)
		must(!watch());
	expect(epoll_wait(watcher, &e, 1, 0) == 1, "not readable");
	close(watcher);
}

static const struct operation watching = {
	"epoll", fresh_watcher, watch, watched, { ENOMEM, EFAULT },
};

static void wait_for_files(void *arg)
{
	fd = open_status();
	faults_walk(&polling);
	faults_walk(&watching);
}

TEST(faults_poll, "a poll() that fails reports the same the next time",
     .faults = true)
{
	faults_need();
	in_user(1000, wait_for_files, NULL);
}
