// SPDX-License-Identifier: MIT
/* Actors that use sessions, with every possible action, at random. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/time.h>

#include "races.h"

/* Return: a descriptor, or -1 if none can be opened now. */
static int open_one(int flags)
{
	int fd = result(open(SESSION, O_RDWR | O_CLOEXEC | flags));

	if (root)
		allow(fd, ENOENT, ENODEV);
	else
		allow(fd, ENOENT, ENODEV, EDQUOT);
	if (fd < 0)
		return -1;
	did(OP_sessions);
	return fd;
}

/* --- records --- */

static void check_lines(char *text)
{
	char *line, *save;
	struct record r;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		record_parse(line, &r);
		did(OP_records);
		if (r.kind != EXIT)
			continue;
		expect(r.pid > 0 && (unsigned int)r.pid <= race->pid_max, "%s",
		       line);
		expect(r.start + r.runtime <= now_ns(), "%s", line);
		expect(r.utime + r.stime <= most_of(r.runtime), "%s", line);
	}
}

static void read_some(int fd)
{
	char text[5000];
	/*
	 * Room for a line at least, because the rest would go to another
	 * reader.
	 */
	int n = allow(result(read(fd, text, 300 + rnd(4000))), EAGAIN, EINTR);

	if (n <= 0)
		return;
	expect(text[n - 1] == '\n', "a part of a line: %.*s", n, text);
	text[n] = '\0';
	check_lines(text);
	did(OP_reads);
}

static void read_blocking(int fd)
{
	struct itimerval soon = { .it_value.tv_usec = 1 + rnd(50000) };
	struct itimerval never = { };

	/* The signal repeats, because it may come before we wait. */
	soon.it_interval.tv_usec = 20000;
	setitimer(ITIMER_REAL, &soon, NULL);
	read_some(fd);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* --- writing --- */

static void write_add(int fd)
{
	static const char *const words[] = { "%d", "+%d", "tree %d" };
	pid_t pid = victim();
	int ret;

	did(OP_writes);
	ret = put(fd, words[rnd(3)], pid);
	if (root)
		allow(ret, ESRCH, ENOSPC);
	else
		allow(ret, ESRCH, ENOSPC, EDQUOT, EPERM);
}

static void write_remove(int fd)
{
	did(OP_writes);
	allow(put(fd, "-%d", victim()), ENOENT);
}

static void write_interval(int fd)
{
	unsigned int ms = rnd(8) ? 100 + rnd(300) : 5 + rnd(10);
	int ret = put(fd, "interval %u", ms);

	did(OP_intervals);
	if (ms < (root ? 10 : 100))
		expect(ret == -EINVAL, "interval %u: %d", ms, ret);
	else
		expect(ret > 0, "interval %u: %s", ms, strerror(-ret));
}

/* --- the mapping --- */

#define CAPACITY 100

/* Return: whether it was read without a newer snapshot overwriting it. */
static bool copy_snapshot(const struct urt_map *map,
			  struct urt_map_snapshot *head,
			  struct urt_map_process *processes)
{
	unsigned int sequence;
	const char *at;

	sequence = __atomic_load_n(&map->sequence, __ATOMIC_ACQUIRE);
	at = (const char *)map + map->snapshot_offset[sequence & 1];
	memcpy(head, at, sizeof(*head));
	memcpy(processes, at + map->process_offset,
	       CAPACITY * sizeof(*processes));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&map->sequence, __ATOMIC_RELAXED) == sequence;
}

static unsigned long long check_map(const struct urt_map *map,
				    struct seen *seen, bool parts,
				    unsigned long long last)
{
	struct urt_map_process processes[CAPACITY], *p;
	struct urt_map_snapshot head;

	did(OP_maps);
	if (!copy_snapshot(map, &head, processes))
		return last;
	expect(head.generation >= last, "generation %llu after %llu",
	       head.generation, last);
	expect(head.processes <= map->capacity &&
	       head.processes <= head.registered, "%u of %u processes",
	       head.processes, head.registered);
	expect(head.time_ns <= now_ns(), "made at %llu", head.time_ns);
	for (p = processes; p < processes + head.processes && p < processes + CAPACITY;
	     p++) {
		expect(p->state < 128 && strchr("RSDTtXZPIW", p->state) &&
		       !p->error_us && !p->comm[URT_COMM_LEN - 1],
		       "%d: state %#x", p->pid, p->state);
		look(seen, p->pid, p->start_ns, p->utime_ns, p->stime_ns,
		     parts);
	}
	return head.generation;
}

static const struct urt_map *map_it(int fd)
{
	const struct urt_map *map;

	map = mmap(NULL, URT_MAP_LENGTH(CAPACITY), PROT_READ, MAP_SHARED, fd,
		   0);
	/* The module may have been loaded with a small max_per_user. */
	if (map == MAP_FAILED) {
		expect(errno == EINVAL, "mmap: %s", strerror(errno));
		return NULL;
	}
	expect(map->version == URT_MAP_VERSION, "version %u", map->version);
	return map;
}

static void map_some(int fd)
{
	const struct urt_map *map = map_it(fd);
	static struct seen seen;

	if (!map)
		return;
	memset(&seen, 0, sizeof(seen));
	check_map(map, &seen, false, 0);
	if (rnd(2))
		mprotect((void *)map, 4096, PROT_READ | PROT_WRITE);
	must(!munmap((void *)map, URT_MAP_LENGTH(CAPACITY)));
}

/* One process reads it while the other one makes it move. */
static void map_step(void)
{
	static struct seen seen;
	const struct urt_map *map;
	unsigned long long last = 0;
	bool steady = rnd(2);	/* members do not leave */
	pid_t pid;
	int fd = open_one(O_NONBLOCK);

	if (fd < 0)
		return pause_ms(5);
	must(put(fd, "interval %u", root ? 10 : 100) > 0);
	map = map_it(fd);
	pid = map ? spawn() : 0;
	if (map && !pid) {
		memset(&seen, 0, sizeof(seen));
		for (unsigned int i = rnd(3000); i && !race->stop; i--)
			last = check_map(map, &seen, steady, last);
		exit(0);
	}
	for (unsigned int i = rnd(100); map && i && !race->stop; i--) {
		if (steady || rnd(4))
			write_add(fd);
		else
			write_remove(fd);
		usleep(rnd(5000));
	}
	/* Its mapping is the last one that is left. */
	close(fd);
	if (map)
		munmap((void *)map, URT_MAP_LENGTH(CAPACITY));
	if (map)
		bury(pid);
}

ACTOR(mapper, .step = map_step, .count = 2);
ACTOR(user_mapper, .step = map_step, .count = 1, .uid = 1000);

/* --- all actions --- */

static void poll_some(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };

	allow(result(poll(&p, 1, rnd(20))), EINTR);
	expect(!(p.revents & (POLLERR | POLLNVAL)), "%#x", p.revents);
	did(OP_polls);
}

static void step_of(int fd, bool blocks)
{
	switch (rnd(10)) {
	case 0:
		write_interval(fd);
		break;
	case 1:
		map_some(fd);
		break;
	case 2:
		poll_some(fd);
		break;
	case 6:
		write_remove(fd);
		break;
	case 3:
	case 4:
	case 5:
		if (blocks)
			read_blocking(fd);
		else
			read_some(fd);
		break;
	default:
		write_add(fd);
	}
}

static void handle(int signal)
{
}

/* Several processes share a session. The last one ends it. */
static void session_step(void)
{
	int fds[2] = { open_one(0), open_one(O_NONBLOCK) };
	unsigned int i, started, helpers = rnd(3);
	bool helping = false;
	pid_t pids[3];

	/* Not SA_RESTART, because the read must end. */
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = handle }, NULL);
	for (started = 0; started < helpers && !helping; started++) {
		pids[started] = spawn();
		helping = !pids[started];
	}
	for (unsigned int n = 10 + rnd(60); n && !race->stop; n--) {
		i = rnd(2);
		if (fds[i] >= 0)
			step_of(fds[i], !i);
	}
	if (helping)
		exit(0);
	close(fds[0]);
	close(fds[1]);
	while (started--)
		bury(pids[started]);
	if (fds[0] < 0)
		pause_ms(5);
}

ACTOR(session, .step = session_step, .count = 3);
ACTOR(user_session, .step = session_step, .count = 2, .uid = 1000);
