// SPDX-License-Identifier: MIT
/*
 * A session that is mapped: reading one value of each process as urt.h says it
 * is to be read, and refreshing it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "urt.h"

static int session;
static const struct urt_map *map;
static size_t length;
static uint64_t sum;

void mapped_open(const pid_t *pids, int count)
{
	char word[16];
	int len;

	session = open("/proc/urt/session", O_RDWR | O_CLOEXEC);
	must(session >= 0 && write(session, "interval 3600000", 16) == 16);
	for (int i = 0; i < count; i++) {
		len = snprintf(word, sizeof(word), "%d\n", pids[i]);
		must(write(session, word, len) == len);
	}
	length = URT_MAP_LENGTH(count);
	map = mmap(NULL, length, PROT_READ, MAP_SHARED, session, 0);
	must(map != MAP_FAILED && map->version == URT_MAP_VERSION);
	must(map->capacity >= (uint32_t)count);
	mapped_read();
	must(sum);
}

/* The sum of all processes' user times, of one moment. */
void mapped_read(void)
{
	const struct urt_map_snapshot *snapshot;
	const char *process, *end;
	uint32_t sequence;

	do {
		sequence = __atomic_load_n(&map->sequence, __ATOMIC_ACQUIRE);
		snapshot = (const void *)((const char *)map +
					  map->snapshot_offset[sequence & 1]);
		process = (const char *)snapshot + map->process_offset;
		end = process + (size_t)snapshot->processes * map->process_size;
		sum = 0;
		for (; process < end; process += map->process_size)
			sum += ((const struct urt_map_process *)process)->utime_ns;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&map->sequence, __ATOMIC_RELAXED) != sequence);
}

uint64_t mapped_refresh(void)
{
	return refresh_measure_session(session);
}

void mapped_close(void)
{
	must(!munmap((void *)map, length));
	close(session);
}
