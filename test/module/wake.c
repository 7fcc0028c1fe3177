// SPDX-License-Identifier: MIT
/* Which waiters wake up, for which events, and at whose expense. */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib.h"

struct watcher {
	volatile bool ready;
	volatile int told;
	int fd;
};

static int watch(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(0);

	must(ep >= 0);
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	return ep;
}

/* Counts generations. No other process may see this count. */
static void count_generations(void *arg)
{
	struct watcher *w = arg;
	struct epoll_event event;
	int fd = open_status(), ep = watch(fd, EPOLLIN | EPOLLET |
					   EPOLLEXCLUSIVE);
	char c;

	w->ready = true;
	for (;;) {
		must(epoll_wait(ep, &event, 1, -1) == 1);
		must(pread(fd, &c, 1, 0) >= 0);
		w->told++;
	}
}

TEST(wake_exclusive, "each of several exclusive waiters is told of each generation",
     .params = "interval_ms=50")
{
	struct watcher *w = share(3 * sizeof(*w));
	int i, before;

	registers("%d", sleeper());
	for (i = 0; i < 3; i++) {
		child(count_generations, &w[i]);
		wait_until(w[i].ready, 10000, "it does not begin");
	}
	for (i = 0; i < 3; i++) {
		before = w[i].told;
		wait_until(w[i].told >= before + 10, 20000,
			   "number %d of 3 is told of %d", i, w[i].told - before);
	}
}

static unsigned long switches(pid_t pid)
{
	unsigned long n;
	char path[64], *text, *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = slurp(path);
	at = strstr(text, "\nvoluntary_ctxt_switches:");
	must(at);
	n = strtoul(strchr(at, ':') + 1, NULL, 10);
	free(text);
	return n;
}

static void wait_to_read(void *arg)
{
	struct watcher *w = arg;
	struct pollfd p = { w->fd, POLLIN, 0 };

	w->ready = true;
	must(poll(&p, 1, -1) == 1 && p.revents & POLLIN);
	w->told++;
	sleep_forever();
}

TEST(wake_for_reading, "generations do not wake a poller that waits for lines")
{
	struct watcher *w = share(sizeof(*w));
	const struct urt_map *map;
	unsigned long long begin;
	unsigned long before;
	pid_t pid, member = sleeper();

	w->fd = open_session();
	must(put(w->fd, "interval 20 %d", member) > 0);
	map = map_session(w->fd, 1);
	pid = child(wait_to_read, w);
	wait_until(w->ready && state_of(pid) == 'S', 10000, "%c",
		   state_of(pid));
	before = switches(pid);
	begin = map_latest(map)->generation;
	wait_until(map_latest(map)->generation >= begin + 20, 20000,
		   "no generations");
	expect(switches(pid) == before, "woken %lu times",
	       switches(pid) - before);
	end(member);
	wait_until(w->told, 20000, "a record does not wake it");
}

static void read_one(void *arg)
{
	struct watcher *w = arg;
	char text[512];

	w->ready = true;
	must(read(w->fd, text, sizeof(text)) > 0);
	w->told++;
}

TEST(wake_reader, "a record wakes a sleeping read(), a generation does not")
{
	struct watcher *w = share(sizeof(*w));
	const struct urt_map *map;
	unsigned long long begin;
	unsigned long before;
	pid_t pid, member = sleeper();

	w->fd = open_session();
	must(put(w->fd, "interval 20 %d %d", member, getpid()) > 0);
	map = map_session(w->fd, 1);
	pid = child(read_one, w);
	wait_until(w->ready && state_of(pid) == 'S', 10000, "%c",
		   state_of(pid));
	before = switches(pid);
	begin = map_latest(map)->generation;
	wait_until(map_latest(map)->generation >= begin + 20, 20000,
		   "no generations");
	expect(switches(pid) == before, "woken %lu times",
	       switches(pid) - before);
	end(member);
	wait_until(w->told, 20000, "a record does not wake it");
}

/* Return: the events at the end, or -errno of io_submit(2). */
static int aio_poll(int fd, short events)
{
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = fd,
		.aio_buf = events,
	}, *cbs[] = { &cb };
	struct timespec limit = { .tv_sec = 20 };
	struct io_event event;
	aio_context_t ctx = 0;
	int n;

	if (syscall(SYS_io_setup, 1, &ctx)) {
		if (errno == ENOSYS)
			skip("this kernel has no asynchronous I/O");
		must(false);
	}
	if (syscall(SYS_io_submit, ctx, 1, cbs) != 1)
		return -errno;
	n = syscall(SYS_io_getevents, ctx, 1, 1, &event, &limit);
	must(!syscall(SYS_io_destroy, ctx));
	return n == 1 ? event.res : 0;
}

TEST(wake_aio, "asynchronous polling (IOCB_CMD_POLL) sees records and generations")
{
	int session = open_session(), status = open_status(), seen;
	pid_t pid = sleeper();

	must(put(session, "interval 50 %d", pid) > 0);
	must(put(status, "%d", pid) > 0);
	free(slurp_fd(status));
	seen = aio_poll(session, POLLPRI);
	expect(seen > 0 && seen & POLLPRI, "a generation: %d", seen);
	seen = aio_poll(status, POLLIN);
	expect(seen > 0 && seen & POLLIN, "one of status: %d", seen);
	kill(pid, SIGKILL);
	reap(pid, NULL);
	seen = aio_poll(session, POLLIN);
	expect(seen > 0 && seen & POLLIN, "a record: %d", seen);
}

#define EPOLLS 100
#define WATCHES 1000	/* of each kind */

static void watch_often(void *arg)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct watcher *w = arg;
	int fds[WATCHES], eps[EPOLLS], fd, i, k;

	become(1000);
	fd = open_status();
	for (i = 0; i < WATCHES; i++) {
		fds[i] = dup(fd);
		must(fds[i] >= 0);
	}
	for (k = 0; k < EPOLLS; k++) {
		eps[k] = epoll_create1(0);
		must(eps[k] >= 0);
		for (i = 0; i < WATCHES; i++)
			must(!epoll_ctl(eps[k], EPOLL_CTL_ADD, fds[i], &event));
	}
	/* Takes the events that were there at first. */
	while (epoll_wait(eps[0], &event, 1, 0) == 1)
		;
	w->ready = true;
	for (;;) {
		must(epoll_wait(eps[0], &event, 1, -1) == 1);
		w->told++;
	}
}

TEST(wake_many, "100,000 watches of one user delay no other user's refresh",
     .params = "interval_ms=100", .limit = 240)
{
	struct watcher *w = share(sizeof(*w));
	unsigned long long begin;
	int told;

	spit("/proc/sys/fs/epoll/max_user_watches", "1000000");
	must(!setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 }));
	registers("%d", sleeper());
	child(watch_often, w);
	wait_until(w->ready, 120000, "it does not begin");
	told = w->told;
	begin = generation();
	while (generation() < begin + 20) {
		expect(stat_header().interval == 100, "each %llu ms",
		       stat_header().interval);
		next_generation();
	}
	wait_until(w->told > told, 60000, "they are never told");
}
