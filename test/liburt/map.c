// SPDX-License-Identifier: MIT
/* How liburt reads a map. A thread of ours plays the kernel. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>

#include "internal.h"
#include "lib.h"

/* Other sizes than in this version, as in a later kernel. */
#define PROCESSES 50
#define PROCESS_SIZE 96
#define PROCESS_OFFSET 128
#define SNAPSHOT_SIZE (PROCESS_OFFSET + PROCESSES * PROCESS_SIZE)
#define HEAD_SIZE 256

static char memory[HEAD_SIZE + 2 * SNAPSHOT_SIZE]
	__attribute__((aligned(64)));
static struct urt_map *const map = (struct urt_map *)memory;
static struct urt session = { .fd = -1, .status_fd = -1, .map = map,
			      .map_asked = true };

/* Every number in the n-th snapshot is n, or depends on n. */
static void fill(__u32 n)
{
	char *at = memory + map->snapshot_offset[n & 1];
	volatile struct urt_map_snapshot *s = (void *)at;
	unsigned int i;

	s->generation = n;
	s->time_ns = n;
	s->processes = n % (PROCESSES + 1);
	s->registered = n;
	for (i = 0; i < n % (PROCESSES + 1); i++) {
		volatile struct urt_map_process *p =
			(void *)(at + PROCESS_OFFSET + (size_t)i * PROCESS_SIZE);

		p->pid = n + i;
		p->utime_ns = p->stime_ns = p->start_ns = n * SEC;
		p->ppid = p->uid = p->threads = n;
		p->state = 'R';
		p->comm[0] = 'a' + n % 26;
	}
	/* The store is ordered behind all values, as in the kernel. */
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit((_Atomic __u32 *)&map->sequence, n,
			      memory_order_release);
	/* The next snapshot overwrites the one that is still being read. */
	atomic_thread_fence(memory_order_seq_cst);
}

static void make_map(void)
{
	map->version = URT_MAP_VERSION;
	map->interval_ms = 10;
	map->capacity = PROCESSES;
	map->snapshot_offset[0] = HEAD_SIZE;
	map->snapshot_offset[1] = HEAD_SIZE + SNAPSHOT_SIZE;
	map->process_offset = PROCESS_OFFSET;
	map->process_size = PROCESS_SIZE;
	fill(0);
}

static atomic_uint filled = 1;

/* Return: whether all values are of one generation. */
static bool of_one(const struct urt_snapshot *s)
{
	__u32 n = s->generation;
	size_t i;

	if (s->time_ns != n || s->registered != n ||
	    s->count != n % (PROCESSES + 1) || s->interval_ms != 10 || s->lost)
		return false;
	for (i = 0; i < s->count; i++) {
		const struct urt_process *p = &s->processes[i];

		if (p->pid != (pid_t)(n + i) || p->utime_ns != n * SEC ||
		    p->stime_ns != n * SEC || p->start_ns != n * SEC ||
		    p->ppid != (pid_t)n || p->uid != n || p->threads != n ||
		    p->state != 'R' || p->comm[0] != (char)('a' + n % 26) ||
		    p->comm[1])
			return false;
	}
	return true;
}

TEST(lib_map_sizes, "a snapshot is found by the offsets and sizes in the map")
{
	struct urt_snapshot s = { 0 };
	struct urt_process p;
	__u32 n;

	make_map();
	for (n = 1; n < 2 * PROCESSES; n++) {
		fill(n);
		must(!urt_snapshot(&session, &s));
		expect(s.generation == n && of_one(&s), "%u of %u",
		       (unsigned int)s.generation, n);
	}
	fill(PROCESSES);
	must(!urt_snapshot_one(&session, 2 * PROCESSES - 1, &p));
	expect(p.pid == 2 * PROCESSES - 1 && p.uid == PROCESSES, "%d", p.pid);
	expect(urt_snapshot_one(&session, 2 * PROCESSES, &p) == -1 &&
	       errno == ENOENT, "%s", strerror(errno));
}

static void *fill_on(void *arg)
{
	for (;;)
		fill(atomic_fetch_add(&filled, 1));
	return arg;
}

TEST(lib_map_torn, "a snapshot that is overwritten during a read is read again",
     .boot = "two")
{
	struct urt_snapshot s = { 0 };
	uint64_t last = 0, changes = 0;
	pthread_t thread;

	make_map();
	must(!pthread_create(&thread, NULL, fill_on, NULL));
	while (changes < 1000) {
		must(!urt_snapshot(&session, &s));
		expect(of_one(&s), "torn at %ju", (uintmax_t)s.generation);
		expect(s.generation >= last, "%ju after %ju",
		       (uintmax_t)s.generation, (uintmax_t)last);
		changes += s.generation != last;
		last = s.generation;
	}
	note("%ju of %ju generations seen", (uintmax_t)changes,
	     (uintmax_t)last);
}
