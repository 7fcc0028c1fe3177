// SPDX-License-Identifier: MIT
/* How status and stat are read. */
#include <sys/epoll.h>

#include "lib.h"

static void burn_forever(void *arg)
{
	for (;;)
		burn(SEC);
}

TEST(read_same, "two reads within one interval are identical",
     .params = "interval_ms=1000")
{
	pid_t pid = child(burn_forever, NULL);
	char *a, *b, *c, *d;

	registers("%d", pid);
	next_generation();
	a = slurp(STATUS);
	c = slurp(STAT);
	burn(300 * MS);
	b = slurp(STATUS);
	d = slurp(STAT);
	expect(!strcmp(a, b), "\"%s\" became \"%s\"", a, b);
	expect(!strcmp(c, d), "\"%s\" became \"%s\"", c, d);
	next_generation();
	b = slurp(STATUS);
	expect(strcmp(a, b), "a busy process did not change: %s", b);
}

TEST(read_bytes, "reads of one byte continue one snapshot over refreshes")
{
	pid_t pid = child(burn_forever, NULL);
	unsigned long long before, after;
	int fd = open_status(), len = 0;
	char text[99] = "", *whole;

	registers("%d %d", pid, sleeper());
	next_generation();
	before = generation();
	must(read(fd, text, 1) == 1);
	whole = slurp(STATUS);
	expect(generation() == before, "too slow a machine: %llu", before);
	for (len = 1; read(fd, text + len, 1) == 1; len++)
		if (len == 3)
			next_generation();
	after = generation();
	expect(after > before, "no refresh in between");
	expect(!strcmp(text, whole), "\"%s\" instead of \"%s\"", text, whole);
}

TEST(read_pread, "pread() continues the snapshot, and takes a new one at 0")
{
	pid_t pid = child(burn_forever, NULL);
	char a[99] = "", b[99] = "", tail[99] = "";
	int fd = open_status(), n;

	registers("%d", pid);
	next_generation();
	n = pread(fd, a, sizeof(a) - 1, 0);
	next_generation();
	must(pread(fd, tail, sizeof(tail) - 1, 2) == n - 2);
	expect(!strcmp(tail, a + 2), "\"%s\" in \"%s\"", tail, a);
	must(pread(fd, b, sizeof(b) - 1, 0) > 0);
	expect(strcmp(a, b), "still %s", b);
	expect(lseek(fd, 0, SEEK_CUR) == 0, "pread() moved the position");
}

TEST(read_beyond, "a read beyond the end returns 0")
{
	char c;

	registers("%d", sleeper());
	expect(pread(open_status(), &c, 1, 1000) == 0, "%s", strerror(errno));
	expect(pread(open_status(), &c, 1, 1LL << 40) == 0, "%s",
	       strerror(errno));
}

TEST(read_empty, "with nothing registered status is empty, stat has its header")
{
	struct header h = stat_header();

	expect(!*slurp(STATUS), "%s", slurp(STATUS));
	expect(!h.processes && !h.lost && h.interval == 200, "%s", slurp(STAT));
}

TEST(read_after_write, "a read from 0 shows what the last write registered")
{
	int fd = open_status(), i;
	pid_t pids[20];
	char line[20];

	for (i = 0; i < 20; i++) {
		pids[i] = sleeper();
		must(put(fd, "%d", pids[i]) > 0);
		snprintf(line, sizeof(line), "%d: ", pids[i]);
		expect(strstr(slurp_fd(fd), line), "no %sin \"%s\"", line,
		       slurp_fd(fd));
	}
}

#define NEW (POLLIN | POLLRDNORM | POLLPRI)

TEST(poll_new, "poll() waits for a generation newer than the last one read",
     .params = "interval_ms=500")
{
	int fd = open_status();

	registers("%d", sleeper());
	expect(events_of(fd, NEW) == NEW,
	       "never read: %#x", events_of(fd, NEW));
	next_generation();
	free(slurp_fd(fd));
	expect(!events_of(fd, NEW), "just read: %#x", events_of(fd, NEW));
	expect(readable(fd, 5000), "no event after a refresh");
	expect(events_of(fd, NEW) == NEW, "%#x",
	       events_of(fd, NEW));
	must(pread(fd, &(char){ 0 }, 1, 1) == 1);
	expect(events_of(fd, NEW), "reading on in the old snapshot is no news");
	free(slurp_fd(fd));
	expect(!events_of(fd, NEW), "read again: %#x", events_of(fd, NEW));
}

TEST(poll_register, "a registration makes no generation and wakes no poller",
     .params = "interval_ms=3600000")
{
	int fd = open_status();

	free(slurp_fd(fd));
	registers("%d", sleeper());
	expect(!readable(fd, 500), "readable");
	expect(generation() == 0, "%llu", generation());
}

TEST(poll_epoll, "epoll, edge-triggered, reports each refresh")
{
	int fd = open_status(), ep = epoll_create1(0), i;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	registers("%d", sleeper());
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	for (i = 0; i < 5; i++) {
		expect(epoll_wait(ep, &ev, 1, 5000) == 1, "round %d", i);
		free(slurp_fd(fd));
	}
}

TEST(poll_stat, "stat can be polled like status")
{
	int fd = open(STAT, O_RDONLY);

	registers("%d", sleeper());
	expect(readable(fd, 0), "never read");
	free(slurp_fd(fd));
	expect(readable(fd, 5000), "no event after a refresh");
}

TEST(stat_read_only, "stat cannot be written")
{
	int fd = open(STAT, O_RDWR);

	/* Root may open it, but no function takes the bytes. */
	expect(fd < 0 || write(fd, "1", 1) < 0, "write() succeeded");
}

TEST(stat_columns, "stat's first lines name the generation and the columns")
{
	char *text, *second;

	registers("%d", sleeper());
	next_generation();
	text = slurp(STAT);
	second = strchr(text, '\n') + 1;
	expect(!strncmp(text, "# generation=", 13) &&
	       !strncmp(second, "pid ppid uid state threads utime_ns stime_ns "
			"start_ns runtime_ms comm\n", 70), "%s", text);
}

TEST(stat_row, "a row of a sleeping process has the values of /proc",
     .params = "interval_ms=2000")
{
	pid_t pid = sleeper();
	struct header h;
	struct row r;

	registers("%d", pid);
	wait_until(stat_row(pid, &r) && r.state == 'S', 5000, "%s",
		   slurp(STAT));
	next_generation();
	h = stat_header();
	must(stat_row(pid, &r));
	expect(h.generation == generation(), "too slow a machine");
	expect(r.ppid == getpid() && r.uid == 0 && r.threads == 1, "%s",
	       slurp(STAT));
	expect(!strcmp(r.comm, "tests"), "%s", r.comm);
	expect(r.start / (10 * MS) == proc_field(pid, 22), "%llu, not %llu",
	       r.start, proc_field(pid, 22));
	expect(r.start < now_ns() && h.time > r.start && h.time < now_ns(),
	       "start %llu, generation %llu, now %" PRIu64, r.start, h.time,
	       now_ns());
	expect(r.runtime == (h.time - r.start) / MS, "%llu ms", r.runtime);
}

static void rename_forever(void *name)
{
	FILE *f = fopen("/proc/self/comm", "w");

	must(f);
	fputs(name, f);
	fclose(f);
	sleep_forever();
}

static void expect_comm(const char *name, const char *comm)
{
	pid_t pid = child(rename_forever, (void *)name);
	struct row r;

	registers("%d", pid);
	wait_until(stat_row(pid, &r) && strcmp(r.comm, "tests"), 5000, "%s",
		   slurp(STAT));
	expect(!strcmp(r.comm, comm), "%s", r.comm);
}

TEST(stat_comm, "blanks, control characters and backslashes of a name are octal")
{
	expect_comm("a b\t\\c\n\x7f\xc3\xa9#)",
		    "a\\040b\\011\\134c\\012\\177\xc3\xa9#)");
	/* Each one alone, because a name without any is not escaped. */
	expect_comm("a b", "a\\040b");
	expect_comm("a\\b", "a\\134b");
	expect_comm("a\x7f", "a\\177");
}
