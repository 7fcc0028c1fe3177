// SPDX-License-Identifier: MIT
/* Actors that use status, stat, and the parameter of the interval. */
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "races.h"

#define PARAMETER "/sys/module/usertime/parameters/interval_ms"

/* Return: a descriptor, or -1 while the module is not loaded. */
static int open_file(const char *path, int flags)
{
	int fd;

	if (root)
		fd = allow(result(open(path, flags | O_CLOEXEC)), ENOENT,
			   ENODEV);
	else
		fd = allow(result(open(path, flags | O_CLOEXEC)), ENOENT,
			   ENODEV, EDQUOT);
	return fd < 0 ? -1 : fd;
}

/* --- writing --- */

static pid_t some_number(void)
{
	return rnd(4) ? victim() : (pid_t)(1 + rnd(race->pid_max));
}

static void write_add(int fd)
{
	static const char *const words[] = { "%d", "+%d", "tree %d\n" };
	int ret = put(fd, words[rnd(3)], some_number());

	if (root)
		allow(ret, ESRCH, ENOSPC);
	else
		allow(ret, ESRCH, ENOSPC, EDQUOT, EPERM);
}

static void write_remove(int fd)
{
	int ret = put(fd, "-%d", some_number());

	if (root)
		allow(ret, ENOENT);
	else
		allow(ret, ENOENT, EPERM);
}

static void write_garbage(int fd)
{
	static const char *const words[] = {
		"0", "tree", "-", "x1", "1x", "2147483648", "++1",
		"tree tree 1", "12345678901234567890123456789012",
	};
	int ret = put(fd, words[rnd(sizeof(words) / sizeof(*words))]);

	expect(ret == -EINVAL, "%d", ret);
}

static void write_many(int fd)
{
	static const char *const words[] = { "%d ", "+%d\n", "-%d ", "tree %d " };
	char text[2000];
	size_t len = 0, n = rnd(40) + 1;
	int ret;

	while (n--)
		len += snprintf(text + len, sizeof(text) - len,
				words[n % 4 == 3 ? rnd(4) : n % 3],
				some_number());
	ret = allow(result(write(fd, text, len)), ESRCH, ENOENT, EPERM, EDQUOT,
		    ENOSPC);
	expect(ret <= (int)len, "%d of %zu", ret, len);
}

static void write_nowhere(int fd)
{
	static char *const nowhere = (char *)8;
	volatile size_t count = 10;
	int ret = result(write(fd, nowhere, count));

	expect(ret == -EFAULT, "%d", ret);
}

static void write_step(void)
{
	int fd = open_file(STATUS, O_RDWR);

	if (fd < 0)
		return pause_ms(5);
	for (unsigned int i = rnd(60); i && !race->stop; i--) {
		switch (rnd(8)) {
		case 0:
			write_garbage(fd);
			break;
		case 1:
			write_many(fd);
			break;
		case 2:
			write_nowhere(fd);
			break;
		case 3:
		case 4:
			write_remove(fd);
			break;
		default:
			write_add(fd);
		}
		did(OP_writes);
		if (!rnd(4))
			nap();
	}
	close(fd);
}

ACTOR(writer, .step = write_step, .count = 2, .jumpy = true);
ACTOR(user_writer, .step = write_step, .count = 2, .uid = 1000, .jumpy = true);

/* --- reading --- */

/* Reads a whole snapshot, in pieces. */
static size_t read_pieces(int fd, char *text, size_t size)
{
	size_t len = 0, piece = rnd(4) ? size : 1 + rnd(700);
	ssize_t n;

	do {
		n = pread(fd, text + len,
			  piece < size - 1 - len ? piece : size - 1 - len, len);
		must(n >= 0);
		len += n;
	} while (n);
	text[len] = '\0';
	return len;
}

#define TEXT_SIZE (1 << 20)

static void check_status(char *text)
{
	char *line, *save;
	long long ms;
	int pid, n;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		n = -1;
		expect(sscanf(line, "%d: %lld%n", &pid, &ms, &n) == 2 &&
		       n > 0 && !line[n], "\"%s\" in status", line);
		expect(pid > 0 && (unsigned int)pid <= race->pid_max &&
		       ms >= 0, "\"%s\" in status", line);
	}
}

static void check_row(const char *line, struct seen *seen)
{
	struct row r;
	int n = -1;

	expect(sscanf(line, "%d %d %u %c %u %llu %llu %llu %llu %79s%n",
		      &r.pid, &r.ppid, &r.uid, &r.state, &r.threads, &r.utime,
		      &r.stime, &r.start, &r.runtime, r.comm, &n) == 10 &&
	       n > 0 && !line[n], "\"%s\" in stat", line);
	expect(strchr("RSDTtXZPIW", r.state), "%s", line);
	expect((r.state == 'X') <= !r.threads, "%s", line);
	expect(r.start + r.runtime * MS <= now_ns() + MS, "%s", line);
	look(seen, r.pid, r.start, r.utime, r.stime, false);
}

/* Return: the generation. */
static unsigned long long check_stat(char *text, struct seen *seen)
{
	unsigned long long generation, time, interval, processes, lost;
	char *line, *save;

	expect(sscanf(text, "# generation=%llu time_ns=%llu interval_ms=%llu "
		      "processes=%llu lost=%llu\npid ppid ", &generation,
		      &time, &interval, &processes, &lost) == 5, "%s", text);
	expect(time <= now_ns(), "made at %llu", time);
	strtok_r(text, "\n", &save);
	strtok_r(NULL, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save))) {
		expect(processes--, "too many rows: %s", line);
		check_row(line, seen);
	}
	expect(!processes, "%llu rows too few", processes);
	return generation;
}

static struct seen seen;

static void read_step(void)
{
	int status = open_file(STATUS, O_RDONLY);
	int stat = open_file(STAT, O_RDONLY);
	char *text = malloc(TEXT_SIZE);
	unsigned long long last = 0, generation;

	memset(&seen, 0, sizeof(seen));
	for (unsigned int i = rnd(40); i && !race->stop; i--) {
		if (status >= 0 && rnd(2)) {
			read_pieces(status, text, TEXT_SIZE);
			check_status(text);
		} else if (stat >= 0) {
			read_pieces(stat, text, TEXT_SIZE);
			generation = check_stat(text, &seen);
			expect(generation >= last, "generation %llu after %llu",
			       generation, last);
			last = generation;
		}
		did(OP_reads);
		pause_ms(rnd(10));
	}
	free(text);
	close(status);
	close(stat);
}

ACTOR(reader, .step = read_step, .count = 2, .jumpy = true);
ACTOR(user_reader, .step = read_step, .count = 1, .uid = 1000, .jumpy = true);

/* --- polling --- */

static void check_events(int fd, short events)
{
	expect(!(events & (POLLERR | POLLNVAL)), "%d: %#x", fd, events);
}

static void poll_step(void)
{
	struct pollfd p = {
		.fd = open_file(rnd(2) ? STATUS : STAT, O_RDONLY),
		.events = rnd(2) ? POLLIN : POLLPRI,
	};
	struct epoll_event event = { .events = EPOLLIN | EPOLLPRI | EPOLLET };
	char text[100];
	int epoll;

	if (p.fd < 0)
		return pause_ms(5);
	expect(events_of(p.fd, POLLIN) & POLLIN, "nothing to be read at first");
	epoll = epoll_create1(EPOLL_CLOEXEC);
	must(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, p.fd, &event));
	for (unsigned int i = rnd(20); i && !race->stop; i--) {
		if (rnd(4))
			must(pread(p.fd, text, sizeof(text), 0) >= 0);
		if (rnd(2)) {
			allow(result(poll(&p, 1, rnd(100))), EINTR);
			check_events(p.fd, p.revents);
		} else {
			allow(result(epoll_wait(epoll, &event, 1, rnd(100))),
			      EINTR);
		}
		did(OP_polls);
	}
	/* Closes in either order, or both at once at the end of the process. */
	if (rnd(2))
		close(epoll);
	close(p.fd);
	close(epoll);
}

ACTOR(poller, .step = poll_step, .count = 2, .jumpy = true);

/* --- opening while the module is unloaded --- */

static void knock_step(void)
{
	static const char *const paths[] = { STAT, STATUS, SESSION };
	unsigned int nr = rnd(3);
	char text[300];
	int fd = open_file(paths[nr], nr ? O_RDWR | O_NONBLOCK : O_RDONLY);

	if (fd >= 0) {
		if (nr && rnd(2)) {
			allow(put(fd, "%d", getpid()), ENOSPC, EDQUOT);
			did(OP_writes);
		}
		allow(result(read(fd, text, sizeof(text))), EAGAIN);
		did(OP_reads);
		close(fd);
	}
	/* Gives the module time to go. */
	usleep(race->quiet ? 5000 + rnd(20000) : rnd(3000));
}

ACTOR(knocker, .step = knock_step, .count = 1, .restless = true);
ACTOR(user_knocker, .step = knock_step, .count = 1, .uid = 1001,
      .restless = true);

/* --- the interval --- */

static void tune_step(void)
{
	static const char *const bad[] = { "9", "3600001", "", "x", "-1" };
	int fd = open(PARAMETER, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0) {
		/* ENODEV: the parameter was found, and then removed. */
		allow(result(fd), ENOENT, ENODEV);
		return pause_ms(5);
	}
	if (rnd(8)) {
		allow(put(fd, "%u", 10 + rnd(rnd(2) ? 50 : 1000)), ENODEV);
	} else {
		ret = put(fd, "%s", bad[rnd(5)]);
		expect(!ret || ret == -EINVAL || ret == -ENODEV, "%d", ret);
	}
	did(OP_intervals);
	close(fd);
	pause_ms(rnd(50));
}

ACTOR(tuner, .step = tune_step, .count = 1, .restless = true);
