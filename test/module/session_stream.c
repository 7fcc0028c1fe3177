// SPDX-License-Identifier: MIT
/* Reading a session: blocking, polling, signals, its end, many readers. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib.h"

#define ALL (POLLIN | POLLRDNORM | POLLPRI | POLLOUT | POLLWRNORM)
#define OUT (POLLOUT | POLLWRNORM)
#define IN (POLLIN | POLLRDNORM)

static pid_t registered(int fd)
{
	pid_t pid = sleeper();

	must(put(fd, "%d", pid) > 0);
	return pid;
}

/* When this returns, a record of the process waits. */
static void end_recorded(int fd, pid_t pid)
{
	struct session s = { .fd = fd };

	end(pid);
	expect(line_waits(&s, 20000), "no record of %d", pid);
}

static void nonblocking(int fd)
{
	must(!fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
}

/* The result of read(), or -errno. */
static int get(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

struct reader {
	int fd;
	volatile bool begun;
	volatile int result, alarms;
	char text[512];
};

static void read_once(void *arg)
{
	struct reader *r = arg;

	r->begun = true;
	r->result = get(r->fd, r->text, sizeof(r->text));
}

static pid_t start_reader(struct reader *r)
{
	pid_t pid = child(read_once, r);

	wait_until(r->begun && state_of(pid) == 'S', 10000, "state %c",
		   state_of(pid));
	return pid;
}

TEST(stream_block, "read() waits for a record, and delays no write")
{
	struct reader *r = share(sizeof(*r));
	pid_t reader, pid;
	struct record rec;

	r->fd = open_session();
	pid = registered(r->fd);
	reader = start_reader(r);
	must(put(r->fd, "%d interval 1000", getpid()) > 0);
	must(put(r->fd, "-%d tree %d", getpid(), getpid()) > 0);
	must(put(r->fd, "-%d", getpid()) > 0);
	expect(state_of(reader) == 'S', "it is %c", state_of(reader));
	end(pid);
	reap(reader, NULL);
	expect(r->result > 0 && r->text[r->result - 1] == '\n', "%d: %s",
	       r->result, r->text);
	r->text[r->result - 1] = '\0';
	record_parse(r->text, &rec);
	expect(rec.kind == EXIT && rec.pid == pid, "%s", r->text);
}

TEST(stream_block_empty, "read() waits before anything is registered")
{
	struct reader *r = share(sizeof(*r));
	pid_t reader, pid;

	r->fd = open_session();
	reader = start_reader(r);
	pid = registered(r->fd);
	end(pid);
	reap(reader, NULL);
	expect(r->result > 0, "%d", r->result);
}

TEST(stream_block_end, "a waiting read() returns when the last process has ended")
{
	struct reader *r = share(sizeof(*r));
	pid_t reader, pid;

	r->fd = open_session();
	pid = registered(r->fd);
	reader = start_reader(r);
	must(put(r->fd, "-%d", pid) > 0);
	reap(reader, NULL);
	expect(r->result == 0, "%d", r->result);
}

TEST(stream_nonblock, "with O_NONBLOCK read() is EAGAIN while no line waits")
{
	int fd = open(SESSION, O_RDWR | O_NONBLOCK), n;
	pid_t pid, other;
	char text[512];

	must(fd >= 0);
	n = get(fd, text, sizeof(text));
	expect(n == -EAGAIN, "nothing registered: %d", n);
	pid = registered(fd);
	other = registered(fd);
	n = get(fd, text, sizeof(text));
	expect(n == -EAGAIN, "nobody has exited: %d", n);
	end_recorded(fd, pid);
	n = get(fd, text, sizeof(text));
	expect(n > 0, "a record waits: %d", n);
	n = get(fd, text, sizeof(text));
	expect(n == -EAGAIN, "it has been read: %d", n);
	end_recorded(fd, other);
}

TEST(stream_end, "read() returns 0 until another process is registered")
{
	int fd = open_session(), i, n;
	char text[512];
	pid_t pid;

	nonblocking(fd);
	for (i = 0; i < 3; i++) {
		pid = registered(fd);
		n = get(fd, text, sizeof(text));
		expect(n == -EAGAIN, "round %d: %d", i, n);
		end_recorded(fd, pid);
		n = get(fd, text, sizeof(text));
		expect(n > 0, "round %d: %d", i, n);
		n = get(fd, text, sizeof(text));
		expect(n == 0, "round %d: %d instead of the end", i, n);
		n = get(fd, text, sizeof(text));
		expect(n == 0, "round %d: the end has passed: %d", i, n);
	}
	pid = registered(fd);
	must(put(fd, "-%d", pid) > 0);
	n = get(fd, text, sizeof(text));
	expect(n == 0, "unregistered: %d instead of the end", n);
}

TEST(stream_remove, "-PID makes no record")
{
	struct session s;
	struct record r;
	pid_t a, b;

	session_open(&s);
	a = registered(s.fd);
	b = registered(s.fd);
	must(put(s.fd, "-%d", a) > 0);
	end(a);
	end(b);
	expect(next_record(&s, &r) == EXIT && r.pid == b, "%d", r.pid);
	expect(next_record(&s, &r) == END, "one more, of %d", r.pid);
}

/* --- poll --- */

static void expect_events(int fd, short want, const char *when)
{
	short seen = events_of(fd, ALL & ~POLLPRI);

	expect(seen == want, "%s: %#x instead of %#x", when, seen, want);
}

TEST(stream_poll, "POLLIN comes while a line waits, POLLHUP at the end, POLLOUT always")
{
	char text[512];
	int fd = open_session();
	pid_t a, b;

	expect_events(fd, OUT, "nothing registered");
	a = registered(fd);
	b = registered(fd);
	expect_events(fd, OUT, "nobody has exited");
	end_recorded(fd, a);
	expect_events(fd, OUT | IN, "a record waits");
	must(get(fd, text, 6) == 5);
	expect_events(fd, OUT | IN, "a part of it has been read");
	must(get(fd, text, sizeof(text)) > 0);
	expect_events(fd, OUT, "it has been read");
	end_recorded(fd, b);
	expect_events(fd, OUT | IN, "the last record waits");
	must(get(fd, text, sizeof(text)) > 0);
	expect_events(fd, OUT | POLLHUP, "all has been read");
	a = registered(fd);
	expect_events(fd, OUT, "registered again");
	must(put(fd, "-%d", a) > 0);
	expect_events(fd, OUT | POLLHUP, "unregistered");
}

/* Return: how long that took, in ns. */
static uint64_t wait_for_news(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	uint64_t begin = now_ns();

	must(poll(&p, 1, 10000) >= 0);
	expect(p.revents == POLLPRI, "%#x", p.revents);
	return now_ns() - begin;
}

TEST(stream_poll_news, "POLLPRI reports each generation once")
{
	int fd = open_session(), i;
	uint64_t took = 0;

	expect(!events_of(fd, POLLPRI), "a generation of nothing");
	must(put(fd, "interval 500 %d", sleeper()) > 0);
	expect(!events_of(fd, POLLPRI), "registering made one");
	wait_for_news(fd);
	for (i = 0; i < 4; i++)
		took += wait_for_news(fd);
	expect(took > 1000 * MS, "four generations of 500 ms in %llu ms",
	       took / MS);
	/* A poller that does not ask for it leaves the event to the others. */
	must(put(fd, "interval 3600000") > 0);
	events_of(fd, POLLPRI);
	must(put(fd, "interval 10") > 0);
	wait_for_news(fd);
	must(put(fd, "interval 3600000") > 0);
	events_of(fd, POLLPRI);
	events_of(fd, IN);
	expect(!events_of(fd, POLLPRI), "reported twice");
}

static void poll_in(void *arg)
{
	struct reader *r = arg;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	r->begun = true;
	must(poll(&p, 1, 20000) == 1);
	r->result = p.revents;
}

TEST(stream_poll_wakes, "a sleeping poll() wakes for a record, and for the end")
{
	struct reader *r = share(sizeof(*r));
	pid_t poller, pid;
	char text[512];

	r->fd = open_session();
	pid = registered(r->fd);
	poller = child(poll_in, r);
	wait_until(r->begun && state_of(poller) == 'S', 10000, "no sleep");
	end(pid);
	reap(poller, NULL);
	expect(r->result == POLLIN, "%#x", r->result);
	must(get(r->fd, text, sizeof(text)) > 0);

	pid = registered(r->fd);
	r->begun = false;
	poller = child(poll_in, r);
	wait_until(r->begun && state_of(poller) == 'S', 10000, "no sleep");
	must(put(r->fd, "-%d", pid) > 0);
	reap(poller, NULL);
	expect(r->result == POLLHUP, "%#x", r->result);
}

TEST(stream_epoll, "epoll, edge-triggered, reports each record")
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int fd = open_session(), ep = epoll_create1(0), i, n;
	pid_t pids[5];
	char text[512];

	for (i = 0; i < 5; i++)
		pids[i] = registered(fd);
	registered(fd);
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	for (i = 0; i < 5; i++) {
		end(pids[i]);
		expect(epoll_wait(ep, &ev, 1, 10000) == 1, "round %d", i);
		expect(ev.events & EPOLLIN, "%#x", ev.events);
		nonblocking(fd);
		n = get(fd, text, sizeof(text));
		expect(n > 0, "round %d: %d", i, n);
	}
}

/* --- signals --- */

static volatile int alarms_here, *alarms = &alarms_here;

static void count_alarm(int nr)
{
	++*alarms;
}

static void alarm_every_20_ms(int flags)
{
	struct sigaction act = { .sa_handler = count_alarm, .sa_flags = flags };
	struct itimerval t = { { 0, 20000 }, { 0, 20000 } };

	must(!sigaction(SIGALRM, &act, NULL));
	must(!setitimer(ITIMER_REAL, &t, NULL));
}

TEST(stream_eintr, "a signal ends a waiting read() with EINTR")
{
	int fd = open_session(), n;
	char text[512];

	registered(fd);
	alarm_every_20_ms(0);
	n = get(fd, text, sizeof(text));
	expect(n == -EINTR && *alarms, "%d, %d alarms", n, *alarms);
}

static void read_under_alarms(void *arg)
{
	struct reader *r = arg;

	alarms = &r->alarms;
	alarm_every_20_ms(SA_RESTART);
	r->result = get(r->fd, r->text, sizeof(r->text));
}

TEST(stream_restart, "a waiting read() goes on after a signal whose handler has SA_RESTART")
{
	struct reader *r = share(sizeof(*r));
	pid_t pid, reader;

	r->fd = open_session();
	pid = registered(r->fd);
	reader = child(read_under_alarms, r);
	wait_until(r->alarms >= 5, 10000, "%d alarms", r->alarms);
	end(pid);
	reap(reader, NULL);
	expect(r->result > 0, "%d: %s", r->result, r->text);
}

/* --- buffers --- */

/* When this returns, the process is final in every session. */
static void end_witnessed(pid_t pid)
{
	int witness = open_session();

	must(put(witness, "%d", pid) > 0);
	end_recorded(witness, pid);
	close(witness);
}

/* Removes RUNTIME, which each session measures itself. */
static char *without_runtime(const char *text)
{
	char *out = malloc(strlen(text) + 1), *p = out;
	int blanks = 0;

	must(out);
	do {
		blanks = *text == '\n' ? 0 : blanks + (*text == ' ');
		if (blanks != 7 || *text == ' ')
			*p++ = *text;
	} while (*text++);
	return out;
}

/*
 * Reads all of a session to its end, in pieces of this size, without RUNTIME.
 */
static char *read_pieces(int fd, size_t piece)
{
	char *text = malloc(1 << 16), *out;
	size_t len = 0;
	ssize_t n;

	must(text);
	while ((n = read(fd, text + len, piece)) > 0)
		len += n;
	must(n == 0);
	text[len] = '\0';
	out = without_runtime(text);
	free(text);
	return out;
}

TEST(stream_pieces, "reads of a few bytes give the same text as one large read")
{
	static const size_t sizes[] = { 1, 2, 7, 50, 61, 100, 4096 };
	int fds[7], i, k;
	char *want, *seen;
	pid_t pids[5];

	/*
	 * A refresh in between would fix the user time that each session shows.
	 */
	for (i = 0; i < 7; i++) {
		fds[i] = open_session();
		must(put(fds[i], "interval 3600000") > 0);
	}
	for (k = 0; k < 5; k++) {
		pids[k] = sleeper();
		/* Sessions would divide its later run time differently. */
		wait_until(state_of(pids[k]) == 'S', 1000, "%d", pids[k]);
		for (i = 0; i < 7; i++)
			must(put(fds[i], "%d", pids[k]) > 0);
	}
	/* One after the other, so that all sessions have one order. */
	for (k = 0; k < 5; k++) {
		end_witnessed(pids[k]);
	}
	want = read_pieces(fds[6], sizes[6]);
	for (i = 0; i < 6; i++) {
		seen = read_pieces(fds[i], sizes[i]);
		expect(!strcmp(seen, want), "by %zu: \"%s\" instead of \"%s\"",
		       sizes[i], seen, want);
		free(seen);
	}
	free(want);
}

TEST(stream_whole_lines, "read() returns as many whole lines as fit")
{
	int twin = open_session(), fd = open_session(), n, k, both;
	char text[4096];
	pid_t pids[2];

	for (k = 0; k < 2; k++) {
		pids[k] = sleeper();
		must(put(fd, "%d", pids[k]) > 0);
		must(put(twin, "%d", pids[k]) > 0);
	}
	end_witnessed(pids[0]);
	end_witnessed(pids[1]);
	both = get(twin, text, sizeof(text));
	/* RUNTIME may be a digit shorter in this session. */
	n = get(fd, text, both - 20);
	expect(n > both / 3 && strchr(text, '\n') == text + n - 1, "%d of %d:"
	       " %s", n, both, text);
	n = get(fd, text, sizeof(text));
	expect(n > both / 3 && strchr(text, '\n') == text + n - 1, "%d of %d:"
	       " %s", n, both, text);
	expect(read(fd, text, sizeof(text)) == 0, "no end");
}

#define WAITING 200

TEST(stream_large, "a large read() takes all waiting records at once")
{
	static char text[65536];
	int fd = open_session(), n;
	pid_t pids[WAITING];

	for (int i = 0; i < WAITING; i++)
		pids[i] = registered(fd);
	must(put(fd, "interval 100") > 0);
	for (int i = 0; i < WAITING; i++)
		end(pids[i]);
	wait_until(!session_members(fd, 2 * WAITING), 20000, "some stay");
	n = get(fd, text, sizeof(text));
	expect(n > 0 && lines_of(strdup(text)) == WAITING, "%d bytes", n);
	expect(read(fd, text, sizeof(text)) == 0, "no end");
}

TEST(stream_fault, "a read() into bad memory is EFAULT and loses nothing")
{
	int twin = open_session(), fd = open_session(), n, back, len = 0;
	pid_t pid = sleeper();
	char *page, *want, *seen, text[512];

	must(put(fd, "%d", pid) > 0 && put(twin, "%d", pid) > 0);
	end_recorded(fd, pid);
	want = read_pieces(twin, 4096);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED && !munmap(page + 4096, 4096));
	n = read(fd, page + 4096, 4096);
	expect(n < 0 && errno == EFAULT, "%d %s", n, strerror(errno));
	/*
	 * If only the end of the buffer is bad, exactly the returned bytes were
	 * read.
	 */
	for (back = 1; back < 40; back++) {
		n = read(fd, page + 4096 - back, 4096);
		expect(n >= 0 ? n <= back : errno == EFAULT,
		       "%d of %d: %s", n, back, strerror(errno));
		if (!n)
			break;
		if (n > 0) {
			memcpy(text + len, page + 4096 - back, n);
			len += n;
		}
	}
	while ((n = read(fd, text + len, 100)) > 0)
		len += n;
	text[len] = '\0';
	seen = without_runtime(text);
	expect(!strcmp(seen, want), "\"%s\" instead of \"%s\"", seen, want);
	free(seen);
	free(want);
}

#define LINES 60

/* Reads whole lines. The first one may have begun in the read before. */
static void read_whole_lines(int fd, char *text)
{
	size_t size = 100, len = strlen(text);
	ssize_t n;

	while ((n = read(fd, text + len, size)) > 0) {
		len += n;
		expect(text[len - 1] == '\n', "%zd of %zu end within a line: "
		       "\"%.*s\"", n, size, (int)n, text + len - n);
		size = size < 300 ? size + 25 : 100;
	}
	must(n == 0);
	text[len] = '\0';
}

/* Expects each process once, and no other line. */
static void expect_lines(char *text, const pid_t *pids)
{
	char *line, *save;
	struct record r;
	int i = 0;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		record_parse(line, &r);
		expect(i < LINES && r.kind == EXIT && r.pid == pids[i],
		       "line %d: %s", i, line);
		i++;
	}
	expect(i == LINES, "%d lines", i);
}

/* The results of reads after one that ended back bytes before bad memory. */
static void expect_lines_after(int back)
{
	int fd = open_session(), i, n;
	pid_t pids[LINES];
	char *page, text[LINES * 100] = "";

	for (i = 0; i < LINES; i++)
		pids[i] = registered(fd);
	for (i = 0; i < LINES; i++)
		end_witnessed(pids[i]);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED && !munmap(page + 4096, 4096));
	n = read(fd, page + 4096 - back, 4096);
	expect(back ? n > 0 && n <= back : n < 0 && errno == EFAULT, "%d: %d %s",
	       back, n, strerror(errno));
	if (n > 0)
		memcpy(text, page + 4096 - back, n);
	read_whole_lines(fd, text);
	expect_lines(text, pids);
}

TEST(stream_fault_lines, "after a fault, read() gives the rest in whole lines")
{
	expect_lines_after(0);
	expect_lines_after(150);
	expect_lines_after(1111);
}

TEST(stream_zero, "a read() of no bytes takes nothing and does not wait")
{
	int fd = open_session(), n;
	char text[512];
	pid_t pid;

	pid = registered(fd);
	expect(read(fd, text, 0) == 0, "%s", strerror(errno));
	end_recorded(fd, pid);
	expect(read(fd, text, 0) == 0, "%s", strerror(errno));
	n = get(fd, text, sizeof(text));
	expect(n > 0, "%d", n);
}

/* --- descriptors --- */

static void read_after_parent(void *arg)
{
	struct reader *r = arg;

	while (!r->begun)
		nap();
	r->result = get(r->fd, r->text, sizeof(r->text));
}

TEST(stream_fork, "a session lives until the last descriptor is closed")
{
	struct reader *r = share(sizeof(*r));
	pid_t reader, pid;

	r->fd = open_session();
	pid = registered(r->fd);
	reader = child(read_after_parent, r);
	close(r->fd);
	end(pid);
	r->begun = true;
	reap(reader, NULL);
	expect(r->result > 0, "%d", r->result);
}

static void send_fd(int to, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = "";
	char byte = 0;
	struct iovec io = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	must(sendmsg(to, &m, 0) == 1);
}

static int receive_fd(int from)
{
	char c, text[CMSG_SPACE(sizeof(int))];
	struct iovec io = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = text, .msg_controllen = sizeof(text),
	};
	int fd;

	must(recvmsg(from, &m, 0) == 1 && CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void use_received(void *arg)
{
	struct session s = { .fd = receive_fd(*(int *)arg) };
	struct record r;
	pid_t pid;

	/* The descriptor has root's rights and root's registrations. */
	pid = getppid();
	must(put(s.fd, "tree %d", pid) > 0);
	must(put(s.fd, "-%d", pid) > 0);
	expect(next_record(&s, &r) == EXIT && WIFSIGNALED(r.status), "%d %d",
	       r.pid, r.status);
}

TEST(stream_passed, "a session passed through a socket is whole in its new place")
{
	int pair[2], fd = open_session();
	pid_t pid;

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = registered(fd);
	send_fd(pair[0], fd);
	close(fd);
	end(pid);
	in_user(1000, use_received, &pair[1]);
}

/* --- several readers --- */

#define MANY 5000
#define READERS 4

struct crowd {
	volatile pid_t forked[MANY];
	volatile int count, by[READERS];
	volatile pid_t seen[MANY + 100];
};

static struct crowd *crowd;
static int crowd_fd;

static void read_lines(void *arg)
{
	intptr_t nr = (intptr_t)arg;
	size_t size = nr % 2 ? 200 : 4096;
	struct record r;
	char text[4097], *line, *save;
	int n, at;

	while ((n = read(crowd_fd, text, size)) > 0) {
		expect(text[n - 1] == '\n', "%.*s", n, text);
		text[n] = '\0';
		for (line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			record_parse(line, &r);
			expect(r.kind == EXIT, "%s", line);
			at = __sync_fetch_and_add(&crowd->count, 1);
			expect(at < MANY + 100, "too many");
			crowd->seen[at] = r.pid;
			crowd->by[nr]++;
		}
	}
	must(n == 0);
}

static void fork_many(void *arg)
{
	int i, many = scaled(MANY);
	pid_t pid;

	for (i = 0; i < many; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		crowd->forked[i] = pid;
		if (i >= 8)
			waitpid(crowd->forked[i - 8], NULL, 0);
	}
	for (i = many - 8; i < many; i++)
		waitpid(crowd->forked[i], NULL, 0);
}

static int by_number(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

TEST(stream_readers, "4 readers of a session share 5,000 records, each whole and once",
     .params = "max_records=131072", .limit = 300, .boot = "two")
{
	pid_t readers[READERS], root;
	int i, status, many = scaled(MANY);

	crowd = share(sizeof(*crowd));
	crowd_fd = open_session();
	root = stopped(fork_many, NULL);
	must(put(crowd_fd, "tree %d", root) > 0);
	for (i = 0; i < READERS; i++)
		readers[i] = child(read_lines, (void *)(intptr_t)i);
	kill(root, SIGCONT);
	reap(root, NULL);
	for (i = 0; i < READERS; i++) {
		reap(readers[i], &status);
		expect(!status, "reader %d: %#x", i, status);
	}
	note("%d, %d, %d and %d records", crowd->by[0], crowd->by[1],
	     crowd->by[2], crowd->by[3]);
	expect(crowd->count == many + 1, "%d records", crowd->count);
	qsort((void *)crowd->seen, many + 1, sizeof(pid_t), by_number);
	for (i = 0; i < many; i++)
		expect(bsearch((void *)&crowd->forked[i], (void *)crowd->seen,
			       many + 1, sizeof(pid_t), by_number),
		       "no record of %d", crowd->forked[i]);
	for (i = 0; i < many; i++)
		expect(crowd->seen[i] != crowd->seen[i + 1], "%d twice",
		       crowd->seen[i]);
}
