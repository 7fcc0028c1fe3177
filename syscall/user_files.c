// SPDX-License-Identifier: MIT
/*
 * The cost of the usertime module's files with one process registered: reading
 * status, registering, and reading a value of a mapped session.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "liburt.h"
#include "measure.h"
#include "urt.h"

#define NEVER 3600000		/* ms: no refresh while we measure */

static char text[4096], own[16], add[16], drop[16];
static int status;
static pid_t self;
static const struct urt_map *map;
static struct urt *library;
static struct urt_process process;
static volatile uint64_t utime;

/* Reads the first process as urt.h describes. */
static uint64_t read_map(void)
{
	const struct urt_map_process *first;
	uint32_t sequence;
	uint64_t ns;

	do {
		sequence = __atomic_load_n(&map->sequence, __ATOMIC_ACQUIRE);
		first = (const void *)((const char *)map +
				       map->snapshot_offset[sequence & 1] +
				       map->process_offset);
		ns = first->utime_ns;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&map->sequence, __ATOMIC_RELAXED) != sequence);
	return ns;
}

static void put(const char *word)
{
	must(write(status, word, strlen(word)) > 0);
}

DOOR(map, "mapped snapshot, one value")
{
	utime = read_map();
}

DOOR(library, "mapped snapshot, urt_snapshot_one()")
{
	urt_snapshot_one(library, self, &process);
}

DOOR(status, "procfs, read of our status")
{
	must(pread(status, text, sizeof(text), 0) > 0);
}

static void undo_add(void)
{
	put(drop);
}

DOOR_UNDONE(add, "procfs, registering a PID by write()")
{
	put(add);
}

/* Registers us for the whole measurement, and our parent in single calls. */
static void open_files(void)
{
	status = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	if (status < 0 && errno == ENOENT) {
		fprintf(stderr, "user_files: the usertime module is not loaded\n");
		exit(3);
	}
	must(status >= 0);
	self = getpid();
	snprintf(own, sizeof(own), "%d", self);
	snprintf(add, sizeof(add), "%d", getppid());
	snprintf(drop, sizeof(drop), "-%d", getppid());
	put(own);
}

static void open_map(void)
{
	library = urt_open();
	must(library && !urt_set_interval(library, NEVER) &&
	     !urt_add(library, self, 0) && !urt_map(library, 1));
	map = mmap(NULL, URT_MAP_LENGTH(1), PROT_READ, MAP_SHARED,
		   urt_fd(library), 0);
	must(map != MAP_FAILED && map->version == URT_MAP_VERSION);
	must(!urt_snapshot_one(library, self, &process));
}

int main(void)
{
	open_files();
	open_map();
	measure_begin();
	measure(&door_map);
	measure(&door_library);
	measure(&door_status);
	measure(&door_add);
	snprintf(drop, sizeof(drop), "-%d", self);
	put(drop);
	urt_close(library);
	return 0;
}
