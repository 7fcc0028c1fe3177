// SPDX-License-Identifier: MIT
/* Several processes do everything that sessions offer, at random, at once. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "lib.h"

#define WORKERS 4
#define SHARED 3		/* sessions that all processes have */
#define OWN 2			/* sessions of each process */
#define STEPS 3000

static struct mix {
	volatile unsigned int steps, seeds[WORKERS];
	volatile pid_t victims[16];
} *mix;

static int fds[SHARED + OWN];
static unsigned int rng;

static unsigned int rnd(unsigned int n)
{
	rng = rng * 1664525 + 1013904223;
	return (rng >> 8) % n;
}

static void fork_some(void)
{
	int i, n = rnd(6);

	for (i = 0; i < n; i++)
		fork();
	/* Up to 32 processes. */
	_exit(rnd(256));
}

static pid_t some_process(void)
{
	pid_t pid = rnd(4) ? mix->victims[rnd(16)] : getpid();

	return pid ? pid : getpid();
}

static void replace_victim(void)
{
	volatile pid_t *at = &mix->victims[rnd(16)];
	pid_t pid = fork(), old;

	if (!pid) {
		/*
		 * A session that a victim has open lives as long as the victim.
		 */
		for (int i = 0; i < SHARED + OWN; i++)
			close(fds[i]);
		if (rnd(2))
			fork_some();
		nap();
		fork_some();
	}
	old = __sync_lock_test_and_set(at, pid);
	if (old)
		kill(old, SIGKILL);
}

static void look_into_map(int fd)
{
	size_t length = URT_MAP_LENGTH(100);
	const struct urt_map *map;

	map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	expect(map->version == URT_MAP_VERSION && map->capacity >= 100, "%u %u",
	       map->version, map->capacity);
	must(!munmap((void *)map, length));
}

static void read_some(int fd)
{
	char text[5000], *line, *save;
	struct record r;
	ssize_t n = read(fd, text, 300 + rnd(4000));

	if (n <= 0) {
		expect(!n || errno == EAGAIN, "read: %s", strerror(errno));
		return;
	}
	expect(text[n - 1] == '\n', "a part of a line: %.*s", (int)n, text);
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		record_parse(line, &r);
}

static void write_some(int fd)
{
	static const char *const words[] = { "%d", "+%d", "-%d", "tree %d" };
	int n = put(fd, words[rnd(4)], some_process());

	expect(n > 0 || n == -ESRCH || n == -ENOENT || n == -EDQUOT, "%s",
	       strerror(-n));
}

static int open_nonblocking(void)
{
	int fd;

	wait_until((fd = open(SESSION, O_RDWR | O_NONBLOCK | O_CLOEXEC)) >= 0,
		   10000, "%s", strerror(errno));
	return fd;
}

static void step(void)
{
	int at = rnd(SHARED + OWN);

	switch (rnd(12)) {
	case 0:
		at = SHARED + rnd(OWN);
		close(fds[at]);
		fds[at] = open_nonblocking();
		break;
	case 1:
		must(put(fds[at], "interval %u", 100 + rnd(300)) > 0);
		break;
	case 2:
		look_into_map(fds[at]);
		break;
	case 3:
		events_of(fds[at], POLLIN | POLLPRI | POLLOUT);
		break;
	case 4:
	case 5:
		replace_victim();
		break;
	case 6:
	case 7:
	case 8:
		read_some(fds[at]);
		break;
	default:
		write_some(fds[at]);
	}
}

static void work(void *arg)
{
	intptr_t nr = (intptr_t)arg;
	int i;

	rng = mix->seeds[nr];
	signal(SIGCHLD, SIG_IGN);
	for (i = 0; i < OWN; i++)
		fds[SHARED + i] = open_nonblocking();
	for (i = 0; i < scaled(STEPS); i++)
		step();
	__sync_fetch_and_add(&mix->steps, scaled(STEPS));
}

static void work_all(unsigned int seed)
{
	pid_t pids[WORKERS];
	int i, status;

	rng = seed;
	for (i = 0; i < WORKERS; i++)
		mix->seeds[i] = rnd(1 << 24);
	for (i = 0; i < SHARED; i++)
		fds[i] = open_nonblocking();
	for (i = 0; i < WORKERS; i++)
		pids[i] = child(work, (void *)(intptr_t)i);
	for (i = 0; i < WORKERS; i++) {
		reap(pids[i], &status);
		expect(!status, "worker %d: %#x", i, status);
	}
	for (i = 0; i < 16; i++) {
		if (mix->victims[i])
			kill(mix->victims[i], SIGKILL);
	}
	/*
	 * All have exited, or will exit, so that each session comes to its end.
	 */
	for (i = 0; i < SHARED; i++) {
		struct session s = { .fd = fds[i] };
		struct record r;

		while (next_record(&s, &r) != END)
			;
	}
	note("%u steps", mix->steps);
}

TEST(mix_root, "after 12,000 random steps each session comes to its end",
     .limit = 300, .boot = "two", .slow = true)
{
	mix = share(sizeof(*mix));
	work_all(seed_of_run());
}

static void work_as_user(void *arg)
{
	become(1000);
	work_all(seed_of_run());
}

TEST(mix_quota, "after random steps at a full quota each session comes to its end",
     .params = "max_per_user=150 max_records=8", .limit = 300, .boot = "two",
     .slow = true)
{
	mix = share(sizeof(*mix));
	in_child(work_as_user, NULL);
}
