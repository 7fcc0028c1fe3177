// SPDX-License-Identifier: MIT
/*
 * A mapped session: reading one value of each process as urt.h describes,
 * reading all by liburt, and refreshing.
 */
#include "mapped.h"

#include <string.h>
#include <sys/mman.h>

#include "base.h"
#include "children.h"
#include "liburt.h"
#include "ours.h"
#include "refresh.h"
#include "samples.h"
#include "urt.h"

#define NEVER 3600000		/* ms */

static struct urt *session;
static struct urt_snapshot snapshot;
static const struct urt_map *map;	/* besides the one of liburt */
static size_t length;
static uint64_t sum;

/* The sum of all processes' user times, of one moment. */
static void read_map(void)
{
	const struct urt_map_snapshot *latest;
	const char *process, *end;
	uint32_t sequence;

	do {
		sequence = __atomic_load_n(&map->sequence, __ATOMIC_ACQUIRE);
		latest = (const void *)((const char *)map +
					map->snapshot_offset[sequence & 1]);
		process = (const char *)latest + map->process_offset;
		end = process + (size_t)latest->processes * map->process_size;
		sum = 0;
		for (; process < end; process += map->process_size)
			sum += ((const struct urt_map_process *)process)->utime_ns;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&map->sequence, __ATOMIC_RELAXED) != sequence);
}

void mapped_open(const struct set *set)
{
	session = urt_open();
	must(session && !urt_set_interval(session, NEVER));
	for (int i = 0; i < set->count; i++)
		must(!urt_add(session, set->pids[i], 0));
	must(!urt_map(session, set->count));
	length = URT_MAP_LENGTH(set->count);
	map = mmap(NULL, length, PROT_READ, MAP_SHARED, urt_fd(session), 0);
	must(map != MAP_FAILED && map->version == URT_MAP_VERSION);
	must(map->capacity >= (uint32_t)set->count);
	memset(&snapshot, 0, sizeof(snapshot));
}

/*
 * Called in a process that has inherited the map: touches every page of its
 * view.
 */
void mapped_touch(void)
{
	read_map();
	must(sum);
}

static uint64_t cost_of_read(void)
{
	uint64_t begin, cost;

	rest();
	begin = tsc();
	read_map();
	cost = since(begin);
	must(sum);
	return cost;
}

void mapped_sample(void)
{
	note("refresh mapped", refresh_measure_session(urt_fd(session)));
	note("mapped read", cost_of_read());
	note("mapped read by liburt", liburt_cost(session, &snapshot));
}

void mapped_sample_shared(void)
{
	note("refresh mapped by 10 more",
	     refresh_measure_session(urt_fd(session)));
}

void mapped_close(void)
{
	must(!munmap((void *)map, length));
	urt_snapshot_free(&snapshot);
	urt_close(session);
}
