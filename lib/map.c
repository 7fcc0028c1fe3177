// SPDX-License-Identifier: MIT
/*
 * The mapped session. The kernel fills one of two snapshots while the other one
 * is the latest. A sequence counter says which one is the latest, and whether
 * the kernel has written to a snapshot while we read it. A read may therefore
 * be torn. We use its values only if the counter has not changed, and follow no
 * offset before we know that.
 */
#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_PER_USER_PATH "/sys/module/usertime/parameters/max_per_user"
#define MAX_PER_USER 1024	/* unless the file says otherwise */
#define CAPACITY_LIMIT (1U << 24)	/* the length fits 32 bits */
/*
 * The kernel allocates the memory of a map at once. The default limit is 8 MiB.
 */
#define FIRST_CAPACITY_MAX 65536

static_assert(sizeof(_Atomic __u32) == sizeof(__u32), "atomic as it is shared");
static_assert(ATOMIC_INT_LOCK_FREE == 2, "no lock is shared with the kernel");
static_assert(URT_COMM_LEN <= sizeof(((struct urt_process *)0)->comm),
	      "a name fits");
static_assert(sizeof(size_t) > 4 ||
	      CAPACITY_LIMIT < SIZE_MAX / sizeof(struct urt_map_process) / 2,
	      "every length fits");

/* The capacity of a map that can grow. */
static unsigned int first_capacity(void)
{
	FILE *file = fopen(MAX_PER_USER_PATH, "re");
	unsigned int max;

	/* There may be no sysfs in here. */
	if (!file)
		return MAX_PER_USER;
	/* The kernel has checked its bounds. NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(file, "%u", &max) != 1)
		max = MAX_PER_USER;
	fclose(file);
	return max < FIRST_CAPACITY_MAX ? max : FIRST_CAPACITY_MAX;
}

/* Whether a snapshot of full capacity ends within length, and is aligned. */
static bool inside(const struct urt_map *map, __u32 offset, size_t length)
{
	__u64 end = (__u64)offset + map->process_offset +
		    (__u64)map->capacity * map->process_size;

	return offset % 8 == 0 && offset >= sizeof(*map) && end <= length;
}

/* We believe the kernel after we have checked that it uses our format. */
static bool understood(const struct urt_map *map, size_t length)
{
	return map->version == URT_MAP_VERSION &&
	       map->process_offset >= sizeof(struct urt_map_snapshot) &&
	       map->process_size >= sizeof(struct urt_map_process) &&
	       map->process_offset % 8 == 0 && map->process_size % 8 == 0 &&
	       inside(map, map->snapshot_offset[0], length) &&
	       inside(map, map->snapshot_offset[1], length);
}

static void *map_fresh(struct urt *u, size_t length)
{
	return mmap(NULL, length, PROT_READ, MAP_SHARED, u->fd, 0);
}

/* Makes a map, in place of a shorter map if there is one. */
static int map_new(struct urt *u, size_t capacity)
{
	size_t length, page;
	void *map;

	if (capacity > CAPACITY_LIMIT) {
		errno = EINVAL;
		return -1;
	}
	/*
	 * A mapping consists of whole pages, and the kernel uses all of them.
	 */
	page = sysconf(_SC_PAGESIZE);
	length = (URT_MAP_LENGTH(capacity) + page - 1) / page * page;
	map = map_fresh(u, length);
	if (map == MAP_FAILED)
		return -1;
	if (!understood(map, length)) {
		munmap(map, length);
		errno = EPROTO;
		return -1;
	}
	urt_map_close(u);
	u->map = map;
	u->map_length = length;
	return 0;
}

/*
 * Maps with room for a few more processes than asked for, because trees grow.
 */
static int map_longer(struct urt *u, size_t capacity)
{
	if (!map_new(u, capacity + capacity / 2))
		return 0;
	return map_new(u, capacity);
}

int urt_map(struct urt *u, size_t capacity)
{
	if (u->system || u->map_asked) {
		errno = u->system ? ENOTSUP : EBUSY;
		return -1;
	}
	/* If the map of urt_waitpid() is long enough, we use that map. */
	if ((!u->map || capacity > u->map->capacity) &&
	    map_new(u, capacity ? capacity : first_capacity()))
		return -1;
	u->map_asked = true;
	u->map_grows = !capacity;
	return 0;
}

void urt_map_close(struct urt *u)
{
	if (u->map)
		munmap((void *)u->map, u->map_length);
}

/*
 * The mmap() brings the list up to date, also in mappings that exist already.
 */
static int refresh(struct urt *u)
{
	void *map;

	if (!u->map)
		return map_new(u, first_capacity());
	map = map_fresh(u, u->map_length);
	if (map == MAP_FAILED)
		return -1;
	munmap(map, u->map_length);
	return 0;
}

int urt_map_update(struct urt *u)
{
	if (u->system || !u->map_asked) {
		errno = u->system ? ENOTSUP : EINVAL;
		return -1;
	}
	return refresh(u);
}

static __u32 sequence(const struct urt_map *map, memory_order order)
{
	return atomic_load_explicit((const _Atomic __u32 *)&map->sequence,
				    order);
}

/*
 * A snapshot that we are reading. It is volatile because the kernel may write
 * to it meanwhile.
 */
struct reading {
	__u32 sequence;
	const volatile struct urt_map_snapshot *snapshot;
	const char *processes;
	__u32 count;
	__u32 size;
};

static struct reading reading_begin(const struct urt_map *map)
{
	struct reading r = {
		.sequence = sequence(map, memory_order_acquire),
		.size = map->process_size,
	};
	const char *at = (const char *)map +
			 map->snapshot_offset[r.sequence & 1];

	r.snapshot = (const volatile struct urt_map_snapshot *)at;
	r.processes = at + map->process_offset;
	r.count = r.snapshot->processes;
	if (r.count > map->capacity)
		r.count = map->capacity;
	return r;
}

static bool reading_torn(const struct urt_map *map, const struct reading *r)
{
	atomic_thread_fence(memory_order_acquire);
	return sequence(map, memory_order_relaxed) != r->sequence;
}

static const volatile struct urt_map_process *
process_at(const struct reading *r, __u32 i)
{
	return (const volatile struct urt_map_process *)
		(r->processes + (size_t)i * r->size);
}

static void copy_process(const volatile struct urt_map_process *from,
			 struct urt_process *to)
{
	to->pid = from->pid;
	to->ppid = from->ppid;
	to->uid = from->uid;
	to->state = from->state;
	to->threads = from->threads;
	to->utime_ns = from->utime_ns;
	to->stime_ns = from->stime_ns;
	to->start_ns = from->start_ns;
	memcpy(to->comm, (const char *)from->comm, URT_COMM_LEN);
	to->comm[URT_COMM_LEN - 1] = '\0';
}

static uint64_t error_of(const volatile struct urt_map_process *process)
{
	uint64_t us = process->error_us;

	/* The largest number means so much or more. */
	return us && us < UINT32_MAX ? us * 1000 : URT_ERROR_UNKNOWN;
}

/*
 * Whether more processes are registered than the map has room for, and it may
 * grow.
 */
static bool outgrown(const struct urt *u, size_t registered)
{
	return registered > u->map->capacity && (u->map_grows || !u->map_asked);
}

static int copy_snapshot(const struct urt *u, struct urt_snapshot *snapshot)
{
	const struct urt_map *map = u->map;
	struct reading r;
	uint64_t *errors;
	__u32 i;

	do {
		r = reading_begin(map);
		if (urt_snapshot_room(snapshot, r.count))
			return -1;
		errors = urt_snapshot_errors(snapshot);
		for (i = 0; i < r.count; i++) {
			copy_process(process_at(&r, i),
				     &snapshot->processes[i]);
			errors[i] = error_of(process_at(&r, i));
		}
		snapshot->generation = r.snapshot->generation;
		snapshot->time_ns = r.snapshot->time_ns;
		snapshot->registered = r.snapshot->registered;
		snapshot->count = r.count;
	} while (reading_torn(map, &r));
	snapshot->interval_ms =
		((const volatile struct urt_map *)map)->interval_ms;
	snapshot->lost = 0;
	return 0;
}

int urt_map_snapshot(struct urt *u, struct urt_snapshot *snapshot)
{
	if (!u->map_asked) {
		errno = EINVAL;
		return -1;
	}
	do {
		if (copy_snapshot(u, snapshot))
			return -1;
	} while (outgrown(u, snapshot->registered) &&
		 !map_longer(u, snapshot->registered));
	return 0;
}

static bool find(const struct reading *r, pid_t pid, struct urt_process *process)
{
	const volatile struct urt_map_process *p = process_at(r, 0);
	__u32 i;

	for (i = 0; i < r->count; i++) {
		if (p->pid == (__u32)pid) {
			copy_process(p, process);
			return true;
		}
		p = (const volatile struct urt_map_process *)
			((const volatile char *)p + r->size);
	}
	return false;
}

int urt_snapshot_one(struct urt *u, pid_t pid, struct urt_process *process)
{
	struct reading r;
	__u32 registered;
	bool found;

	if (u->system || !u->map_asked) {
		errno = u->system ? ENOTSUP : EINVAL;
		return -1;
	}
	do {
		r = reading_begin(u->map);
		found = find(&r, pid, process);
		registered = r.snapshot->registered;
	} while (reading_torn(u->map, &r) ||
		 (!found && outgrown(u, registered) &&
		  !map_longer(u, registered)));
	if (!found)
		errno = ENOENT;
	return found ? 0 : -1;
}

static bool any_present(const struct reading *r, pid_t pid)
{
	struct urt_process unused;

	return pid <= 0 ? r->count : find(r, pid, &unused);
}

int urt_map_presence(struct urt *u, pid_t pid, enum urt_presence *presence)
{
	struct reading r;
	__u32 registered;

	if (refresh(u))
		return -1;
	do {
		r = reading_begin(u->map);
		registered = r.snapshot->registered;
		if (any_present(&r, pid))
			*presence = URT_PRESENT;
		else if (registered > r.count)
			*presence = URT_UNSURE;
		else
			*presence = URT_ABSENT;
	} while (reading_torn(u->map, &r) ||
		 (*presence == URT_UNSURE && outgrown(u, registered) &&
		  !map_longer(u, registered)));
	return 0;
}
