// SPDX-License-Identifier: MIT
/* A mapped session. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib.h"

#define CAPACITY 200

/* A copy of the latest generation, made as urt.h describes. */
struct copy {
	struct urt_map_snapshot head;
	struct urt_map_process processes[CAPACITY];
};

static const void *snapshot_of(const struct urt_map *map, unsigned int sequence)
{
	return (const char *)map + map->snapshot_offset[sequence & 1];
}

static bool read_map_once(const struct urt_map *map, struct copy *c)
{
	unsigned int sequence, i;
	const char *from;

	sequence = __atomic_load_n(&map->sequence, __ATOMIC_ACQUIRE);
	from = snapshot_of(map, sequence);
	memcpy(&c->head, from, sizeof(c->head));
	from += map->process_offset;
	for (i = 0; i < c->head.processes && i < CAPACITY; i++) {
		memcpy(&c->processes[i], from, sizeof(c->processes[i]));
		from += map->process_size;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&map->sequence, __ATOMIC_RELAXED) == sequence;
}

static void read_map(const struct urt_map *map, struct copy *c)
{
	while (!read_map_once(map, c))
		;
	expect(c->head.processes <= CAPACITY, "%u", c->head.processes);
}

static struct urt_map_process *in_map(struct copy *c, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < c->head.processes; i++) {
		if (c->processes[i].pid == (unsigned int)pid)
			return &c->processes[i];
	}
	return NULL;
}

/* Waits for a generation that is newer than the copy. */
static void next_in_map(const struct urt_map *map, struct copy *c)
{
	uint64_t old = c->head.generation;

	wait_until(({ read_map(map, c); c->head.generation > old; }), 20000,
		   "no generation after %llu", (unsigned long long)old);
}

static void look_at_layouts(void *arg)
{
	static const unsigned int counts[] = { 0, 1, 2, 30, 31, 63, 100, 1024 };
	const struct urt_map *map;
	unsigned long size, end;
	size_t i;
	int k;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		map = map_session(open_session(), counts[i]);
		end = (URT_MAP_LENGTH(counts[i]) + 4095) & ~4095UL;
		size = map->process_offset +
		       (size_t)map->capacity * map->process_size;
		expect(map->capacity >= counts[i] && map->capacity <= 1024,
		       "%u for %u", map->capacity, counts[i]);
		expect(map->process_size >= sizeof(struct urt_map_process) &&
		       map->process_offset >= sizeof(struct urt_map_snapshot) &&
		       !(map->process_size % 8) && !(map->process_offset % 8),
		       "%u %u", map->process_size, map->process_offset);
		for (k = 0; k < 2; k++)
			expect(map->snapshot_offset[k] >= sizeof(*map) &&
			       !(map->snapshot_offset[k] % 8) &&
			       map->snapshot_offset[k] + size <= end &&
			       labs((long)map->snapshot_offset[0] -
				    (long)map->snapshot_offset[1]) >= (long)size,
			       "capacity %u: %u, %u, %lu each, %lu in all",
			       map->capacity, map->snapshot_offset[0],
			       map->snapshot_offset[1], size, end);
	}
}

TEST(map_layout, "both snapshots lie apart, aligned, within the length asked for")
{
	in_user(1000, look_at_layouts, NULL);
}

/* Return: 0, or the errno of mmap. */
static int map_errno(int fd, size_t length, int prot, int flags, off_t offset)
{
	void *p = mmap(NULL, length, prot, flags, fd, offset);

	return p == MAP_FAILED ? errno : 0;
}

static void expect_map(int fd, size_t length, int prot, int flags, off_t offset,
		       int want)
{
	int err = map_errno(fd, length, prot, flags, offset);

	expect(err == want, "length %zu, prot %d, flags %#x, offset %ld: %s "
	       "instead of %s", length, prot, flags, (long)offset,
	       strerror(err), strerror(want));
}

static void map_wrongly(void *arg)
{
	const size_t most = (URT_MAP_LENGTH(100) + 4095) & ~4095UL;
	int fd = open_session(), p = MAP_PRIVATE, s = MAP_SHARED;

	expect_map(fd, 4096, PROT_READ, p, 0, EINVAL);
	expect_map(fd, 4096, PROT_READ | PROT_WRITE, s, 0, EACCES);
	expect_map(fd, 4096, PROT_WRITE, s, 0, EACCES);
	expect_map(fd, 4096, PROT_READ, s, 4096, EINVAL);
	expect_map(fd, 4096, PROT_READ, s, 1LL << 40, EINVAL);
	expect_map(fd, most + 4096, PROT_READ, s, 0, EINVAL);
	expect_map(fd, 1UL << 30, PROT_READ, s, 0, EINVAL);
	expect_map(fd, 8192, PROT_READ, s, 0, 0);
	expect_map(fd, 4096, PROT_READ, s, 0, EINVAL);
	expect_map(fd, 4096, PROT_READ, s, 4096, EINVAL);
	expect_map(fd, 8192, PROT_READ, s, 0, 0);
	expect_map(fd, most + 4096, PROT_READ, s, 0, EINVAL);
	expect_map(fd, 12288, PROT_READ, s, 0, 0);
	expect_map(fd, 8192, PROT_READ, s, 0, EINVAL);
	/* A page has room for more processes than asked for, or for none. */
	expect_map(open_session(), 1, PROT_READ, s, 0, 0);
	fd = open_session();
	expect_map(fd, most, PROT_READ, s, 0, 0);
	expect(map_session(fd, 100)->capacity <= 100, "%u",
	       map_session(fd, 100)->capacity);
	fd = open(SESSION, O_WRONLY);
	expect_map(fd, 4096, PROT_READ, s, 0, EACCES);
}

TEST(map_errors, "each wrong way to map has its errno and changes nothing",
     .params = "max_per_user=100")
{
	in_user(1000, map_wrongly, NULL);
}

TEST(map_read_only, "a mapping cannot become writable, move or grow")
{
	int fd = open_session();
	char *map = (void *)map_session(fd, 1);

	expect(mprotect(map, 4096, PROT_READ | PROT_WRITE) < 0 &&
	       errno == EACCES, "mprotect: %s", strerror(errno));
	expect(mremap(map, 4096, 65536, MREMAP_MAYMOVE) == MAP_FAILED,
	       "it grew");
	must(!munmap(map, 4096));
	map_session(fd, 1);
}

static void look(void *map)
{
	struct copy c;

	read_map(map, &c);
	expect(c.head.processes == 1 && c.processes[0].pid ==
	       (unsigned int)getppid(), "%u, %u", c.head.processes,
	       c.processes[0].pid);
	next_in_map(map, &c);
}

TEST(map_shared, "mappings of a session show the same; fork and close keep them")
{
	int fd = open_session();
	const struct urt_map *a = map_session(fd, 1), *b = map_session(fd, 1);
	struct copy c;

	must(put(fd, "interval 50 %d", getpid()) > 0);
	memset(&c, 0, sizeof(c));
	next_in_map(a, &c);
	expect(a != b && a->capacity == b->capacity, "%u %u", a->capacity,
	       b->capacity);
	read_map(b, &c);
	expect(in_map(&c, getpid()), "not in the other mapping");
	must(!munmap((void *)a, 4096));
	close(fd);
	next_in_map(b, &c);
	in_child(look, (void *)b);
	next_in_map(b, &c);
	must(!munmap((void *)b, 4096));
}

static void rename_and_sleep(void *arg)
{
	must(!prctl(PR_SET_NAME, "a b\\\n"));
	become(1000);
	kill(getpid(), SIGSTOP);
	sleep_forever();
}

TEST(map_facts, "a process in the map has what /proc says of it, name unescaped")
{
	pid_t pid = child(rename_and_sleep, NULL);
	int fd = open_session(), status;
	const struct urt_map *map;
	struct urt_map_process *p;
	uint64_t begin = now_ns();
	struct copy c = { 0 };

	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	must(put(fd, "interval 100 %d", pid) > 0);
	map = map_session(fd, CAPACITY);
	next_in_map(map, &c);
	next_in_map(map, &c);
	p = in_map(&c, pid);
	expect(p && c.head.processes == 1 && c.head.registered == 1, "%u",
	       c.head.processes);
	expect(c.head.time_ns > begin && c.head.time_ns <= now_ns(), "%llu",
	       (unsigned long long)c.head.time_ns);
	expect(p->ppid == (unsigned int)getpid() && p->uid == 1000 &&
	       p->threads == 1 && p->state == 'T' && !strcmp(p->comm, "a b\\\n"),
	       "%u %u %u %c %s", p->ppid, p->uid, p->threads, p->state, p->comm);
	expect(p->start_ns / (10 * MS) == proc_field(pid, 22), "%llu, not %llu",
	       (unsigned long long)p->start_ns, proc_field(pid, 22));
	expect(p->utime_ns + p->stime_ns <= cpu_ns(pid) &&
	       p->utime_ns + p->stime_ns + 10 * MS > cpu_ns(pid),
	       "%llu, its clock %" PRIu64,
	       (unsigned long long)(p->utime_ns + p->stime_ns), cpu_ns(pid));
	expect(map->interval_ms == 100, "%u", map->interval_ms);
}

static void burn_forever(void *arg)
{
	for (;;)
		burn(SEC);
}

TEST(map_times, "times in the map follow a busy process's clock")
{
	pid_t pid = child(burn_forever, NULL);
	int fd = open_session(), i;
	unsigned long long last = 0, now, clock;
	const struct urt_map *map;
	struct copy c = { 0 };

	must(put(fd, "interval 100 %d", pid) > 0);
	map = map_session(fd, 1);
	for (i = 0; i < 20; i++) {
		clock = cpu_ns(pid);
		next_in_map(map, &c);
		/* The generation is from after this look, except for a tick. */
		now = c.processes[0].utime_ns + c.processes[0].stime_ns;
		expect(now >= last && now <= cpu_ns(pid) &&
		       now + late_ns() > clock, "%llu after %llu, clock %llu",
		       now, last, clock);
		last = now;
	}
	expect(last > SEC / 2, "%llu ns in 2 s", last);
}

TEST(map_leaves, "an unregistered or final process leaves the map with the next generation")
{
	int fd = open_session();
	pid_t a = sleeper(), b = sleeper(), d = sleeper();
	const struct urt_map *map;
	struct session s = { .fd = fd };
	struct record r;
	struct copy c = { 0 };

	must(put(fd, "interval 50 %d %d %d", a, b, d) > 0);
	map = map_session(fd, CAPACITY);
	next_in_map(map, &c);
	expect(c.head.processes == 3, "%u", c.head.processes);
	must(put(fd, "-%d", b) > 0);
	next_in_map(map, &c);
	next_in_map(map, &c);
	expect(c.head.processes == 2 && !in_map(&c, b), "%u", c.head.processes);
	end(a);
	expect(next_record(&s, &r) == EXIT && r.pid == a, "%d", r.pid);
	next_in_map(map, &c);
	next_in_map(map, &c);
	expect(c.head.processes == 1 && in_map(&c, d), "%u", c.head.processes);
	end(d);
	expect(next_record(&s, &r) == EXIT, "%d", r.pid);
	wait_until(({ read_map(map, &c); !c.head.processes; }), 10000,
		   "%u is there for ever, state %c", c.processes[0].pid,
		   c.processes[0].state);
}

TEST(map_again, "mapping again lists what is new at once, with the old values")
{
	int fd = open_session();
	pid_t busy = child(burn_forever, NULL), pid = sleeper();
	const struct urt_map *map;
	struct copy first, c;

	must(put(fd, "interval 3600000 %d", busy) > 0);
	map = map_session(fd, CAPACITY);
	read_map(map, &first);
	expect(first.head.processes == 1 && in_map(&first, busy), "%u",
	       first.head.processes);
	burn(50 * MS);
	must(put(fd, "%d", pid) > 0);
	map_session(fd, CAPACITY);
	read_map(map, &c);
	expect(c.head.processes == 2 && in_map(&c, pid), "%u",
	       c.head.processes);
	expect(c.head.generation == first.head.generation, "a new generation");
	expect(!memcmp(&in_map(&c, busy)->utime_ns, &first.processes[0].utime_ns,
		       16), "its values changed");
}

TEST(map_full, "a full map has the first processes, and the number of all")
{
	int fd = open_session(), i;
	const struct urt_map *map = map_session(fd, 1);
	unsigned int capacity = map->capacity;
	pid_t pids[200];
	struct copy c = { 0 };

	expect(capacity >= 1 && capacity < 190, "%u", capacity);
	must(put(fd, "interval 50") > 0);
	for (i = 0; i < (int)capacity + 10; i++) {
		pids[i] = sleeper();
		must(put(fd, "%d", pids[i]) > 0);
	}
	next_in_map(map, &c);
	next_in_map(map, &c);
	expect(c.head.processes == capacity && c.head.registered == capacity + 10,
	       "%u of %u", c.head.processes, c.head.registered);
	for (i = 0; i < (int)capacity; i++)
		expect(in_map(&c, pids[i]), "number %d is not there", i);
}

TEST(map_exempt, "a map has room for max_processes where max_per_user is no limit",
     .params = "max_per_user=10 max_processes=3000")
{
	const size_t most = (URT_MAP_LENGTH(3000) + 4095) & ~4095UL;
	int fd = open_session();

	expect_map(fd, most + 4096, PROT_READ, MAP_SHARED, 0, EINVAL);
	expect(map_session(fd, 3000)->capacity == 3000, "%u",
	       map_session(fd, 3000)->capacity);
}

/* Registers more processes until it has count. */
static void register_more(int fd, pid_t *pids, int from, int count)
{
	for (int i = from; i < count; i++) {
		pids[i] = sleeper();
		must(put(fd, "%d", pids[i]) > 0);
	}
}

static void expect_in_map(const struct urt_map *map, unsigned int processes,
			  unsigned int registered)
{
	struct copy c = { 0 };

	read_map(map, &c);
	next_in_map(map, &c);
	expect(c.head.processes == processes && c.head.registered == registered,
	       "%u of %u instead of %u of %u", c.head.processes,
	       c.head.registered, processes, registered);
}

TEST(map_outgrown, "a longer map has all processes; an older one counts those it lacks")
{
	const struct urt_map *small, *large;
	unsigned int capacity;
	pid_t pids[200];
	int fd = open_session();

	must(put(fd, "interval 50") > 0);
	small = map_session(fd, 1);
	capacity = small->capacity;
	register_more(fd, pids, 0, capacity + 10);
	large = map_session(fd, capacity + 20);
	expect(large->capacity >= capacity + 10, "%u", large->capacity);
	expect_in_map(large, capacity + 10, capacity + 10);
	expect_in_map(small, capacity, capacity + 10);
	must(put(fd, "interval 60") > 0);
	expect(small->interval_ms == 60 && large->interval_ms == 60, "%u %u",
	       small->interval_ms, large->interval_ms);

	/* The remaining pages serve only readers of each map. */
	must(!munmap((void *)large, 8192));
	expect_in_map(small, capacity, capacity + 10);
	must(!munmap((void *)small, 4096));
	expect_in_map(map_session(fd, capacity + 20), capacity + 10,
		      capacity + 10);
}

static void grow_maps(void *arg)
{
	const size_t most = (URT_MAP_LENGTH(1024) + 4095) & ~4095UL;
	int fd = open_session(), err = 0;
	size_t length, sum = 0;

	for (length = 4096; length <= most && !err; length += 4096) {
		err = map_errno(fd, length, PROT_READ, MAP_SHARED, 0);
		sum += err ? 0 : length;
	}
	expect(err == ENOMEM, "%zu bytes in maps: %s", sum, strerror(err));
	expect(sum > most && sum <= 3 * most, "%zu bytes", sum);
}

/* Another program unmaps the last map. */
static void replace_maps(void *arg)
{
	const size_t most = (URT_MAP_LENGTH(1024) + 4095) & ~4095UL;
	int fd = open_session();
	void *old = NULL, *new;

	for (size_t length = 4096; length <= most; length += 4096) {
		new = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
		expect(new != MAP_FAILED, "%zu: %s", length, strerror(errno));
		if (old)
			must(!munmap(old, length - 4096));
		old = new;
	}
}

TEST(map_outgrown_memory, "keeping outgrown maps ends in ENOMEM, and unmapped ones are freed")
{
	in_user(1000, grow_maps, NULL);
	in_user(1000, replace_maps, NULL);
}

/* --- torn? --- */

#define BUSY 3

struct watch {
	const struct urt_map *map;
	volatile uint64_t reads, generations, retries;
	volatile int bad;		/* a line of this file */
	volatile bool done;
	int count;
};

static struct watch *watch;

/* From now on, this process can only exit. */
static void forbid_calls(void)
{
	struct sock_filter only_exit[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = { 4, only_exit };

	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

static unsigned long long sum_of(const struct urt_map_process *p)
{
	return p->utime_ns + p->stime_ns;
}

/* Return: 0, or the line that finds an error. */
static int compare(const struct copy *old, const struct copy *new)
{
	bool same = old->head.generation == new->head.generation;
	unsigned int i, k;

	if (new->head.generation < old->head.generation ||
	    new->head.processes > CAPACITY)
		return __LINE__;
	if (same != (new->head.time_ns == old->head.time_ns) ||
	    new->head.time_ns < old->head.time_ns)
		return __LINE__;
	for (i = 0; i < new->head.processes && i < old->head.processes; i++) {
		/* The first ones stay. The others come and go. */
		if (i < BUSY && new->processes[i].pid != old->processes[i].pid)
			return __LINE__;
		if (new->processes[i].pid != old->processes[i].pid ||
		    new->processes[i].start_ns != old->processes[i].start_ns)
			continue;
		if (sum_of(&new->processes[i]) < sum_of(&old->processes[i]) ||
		    new->processes[i].utime_ns < old->processes[i].utime_ns ||
		    new->processes[i].stime_ns < old->processes[i].stime_ns)
			return __LINE__;
		if (same && sum_of(&new->processes[i]) !=
		    sum_of(&old->processes[i]))
			return __LINE__;
	}
	for (i = 0; !same && i < new->head.processes; i++) {
		for (k = 0; k < i; k++) {
			if (new->processes[i].pid == new->processes[k].pid &&
			    new->processes[i].start_ns ==
			    new->processes[k].start_ns)
				return __LINE__;
		}
	}
	return 0;
}

static void watch_map(void *arg)
{
	static struct copy copies[2];
	int i, now = 0;

	read_map(watch->map, &copies[1]);
	forbid_calls();
	for (i = 0; i < watch->count || watch->generations <= 10; i++) {
		while (!read_map_once(watch->map, &copies[now]))
			watch->retries++;
		watch->bad = compare(&copies[!now], &copies[now]);
		if (watch->bad)
			break;
		watch->generations += copies[now].head.generation !=
				      copies[!now].head.generation;
		watch->reads++;
		now = !now;
	}
	watch->done = true;
	syscall(SYS_exit_group, watch->bad != 0);
}

static void churn(void *arg)
{
	for (;;) {
		if (!fork()) {
			burn(MS);
			_exit(0);
		}
		waitpid(-1, NULL, 0);
	}
}

static void read_often(int count)
{
	struct session s;
	struct record r;
	pid_t reader, busy[BUSY];
	int i, status;

	watch = share(sizeof(*watch));
	watch->count = count;
	session_open(&s);
	for (i = 0; i < BUSY; i++) {
		busy[i] = i ? child(burn_forever, NULL) : stopped(churn, NULL);
		must(put(s.fd, "tree %d", busy[i]) > 0);
	}
	must(put(s.fd, "interval 10") > 0);
	watch->map = map_session(s.fd, 60);
	reader = child(watch_map, NULL);
	kill(busy[0], SIGCONT);
	while (!waitpid(reader, &status, WNOHANG)) {
		if (line_waits(&s, 10))
			must(next_record(&s, &r) != END);
	}
	expect(!watch->bad, "%s:%d", __FILE__, watch->bad);
	expect(!status, "status %#x: a system call?", status);
	note("%" PRIu64 " reads of %" PRIu64 " generations, %" PRIu64
	     " begun again", watch->reads,
	     watch->generations, watch->retries);
}

TEST(map_torn_quick, "500,000 reads of a map during refreshes are never torn, and never go back",
     .limit = 200, .boot = "two")
{
	read_often(500000);
}

TEST(map_torn, "10 million reads of a map during refreshes are never torn",
     .slow = true, .limit = 900, .boot = "two")
{
	read_often(10000000);
}
