// SPDX-License-Identifier: MIT
#include "watch.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "memory.h"

/* How many exited processes have their own row in the average. */
#define GONE_MAX 1000

static int compare(const void *a, const void *b)
{
	const struct urt_process *x = &((const struct watched *)a)->now;
	const struct urt_process *y = &((const struct watched *)b)->now;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

void watch_free(struct watch *watch)
{
	memory_free_index(watch->index);
	while (watch->count)
		free(watch->items[--watch->count]);
	free(watch->items);
	while (watch->gone_count)
		free(watch->gone[--watch->gone_count]);
	free(watch->gone);
}

static struct watched *add(struct watch *watch, const struct watched *key)
{
	struct watched *item = memory_alloc(sizeof(*item));

	*item = *key;
	watch->items = memory_room(watch->items, watch->count, &watch->size,
				   sizeof(*watch->items));
	watch->items[watch->count++] = item;
	if (!tsearch(item, &watch->index, compare))
		memory_exhausted();
	return item;
}

/* Longer than any fork, because a look during a fork does not see the child. */
#define FORK_NS (100 * NSEC_PER_MSEC)

static bool is_new(const struct watch *watch, const struct urt_process *process)
{
	return watch->snapshot &&
	       (watch->closed || process->start_ns + FORK_NS >= watch->time_ns);
}

/*
 * No report contains the CPU time that a process used before it could be seen.
 */
static struct watched *find(struct watch *watch,
			    const struct urt_process *process)
{
	struct watched key = { .now = *process, .status = -1 }, **node;

	node = tfind(&key, &watch->index, compare);
	if (node)
		return *node;
	if (!is_new(watch, process)) {
		key.first_utime_ns = process->utime_ns;
		key.first_stime_ns = process->stime_ns;
		key.last_utime_ns = process->utime_ns;
		key.last_stime_ns = process->stime_ns;
	}
	return add(watch, &key);
}

void watch_snapshot(struct watch *watch,
		    const struct urt_snapshot *snapshot)
{
	struct watched *item;
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct urt_process *process = &snapshot->processes[i];

		item = find(watch, process);
		/* A record is final, and this snapshot may be older. */
		if (item->exited)
			continue;
		item->now = *process;
		item->snapshot = watch->snapshot + 1;
		/* Only a record has the status. */
		item->exited = !watch->records && process->state == 'X';
	}
	watch->snapshot++;
	watch->time_ns = snapshot->time_ns;
}

static void sum_add(struct watch_sum *sum, uint64_t count, uint64_t utime_ns,
		    uint64_t stime_ns)
{
	sum->count += count;
	sum->utime_ns += utime_ns;
	sum->stime_ns += stime_ns;
}

static void take_exit(struct watch *watch, const struct urt_record *record)
{
	struct urt_process process = {
		.pid = record->pid,
		.ppid = record->ppid,
		.uid = record->uid,
		.state = 'X',
		.utime_ns = record->utime_ns,
		.stime_ns = record->stime_ns,
		.start_ns = record->start_ns,
	};
	struct watched *item;

	memcpy(process.comm, record->comm, sizeof(process.comm));
	item = find(watch, &process);
	item->now = process;
	item->end_ns = record->start_ns + record->runtime_ns;
	item->status = record->status;
	item->exited = true;
}

void watch_record(struct watch *watch, const struct urt_record *record)
{
	switch (record->type) {
	case URT_EXIT:
		take_exit(watch, record);
		break;
	case URT_LOST:
		sum_add(&watch->lost, record->count, record->utime_ns,
			record->stime_ns);
		sum_add(&watch->all_lost, record->count, record->utime_ns,
			record->stime_ns);
		break;
	case URT_MISSED:
		watch->missed += record->count;
		break;
	}
}

bool watch_waits(const struct watch *watch, const struct urt_record *record)
{
	struct watched key = {
		.now = { .pid = record->pid, .start_ns = record->start_ns },
	}, **node;

	if (record->type != URT_EXIT ||
	    record->start_ns + record->runtime_ns <= watch->time_ns)
		return false;
	node = tfind(&key, &watch->index, compare);
	return !node || (*node)->snapshot == watch->snapshot;
}

uint64_t watch_first_ns(const struct urt_snapshot *snapshot, bool system,
			uint64_t now_ns)
{
	uint64_t interval_ns = snapshot->interval_ms * NSEC_PER_MSEC;

	/*
	 * The module does not refresh an empty system registry. A process in it
	 * was registered an interval ago at most, because otherwise a refresh
	 * would have come.
	 */
	if (system && now_ns > snapshot->time_ns + 2 * interval_ns)
		return now_ns - interval_ns;
	/* Before the first refresh of a session, this is when it was opened. */
	return snapshot->time_ns;
}

bool watch_shown(const struct watch *watch, const struct watched *item)
{
	return item->exited ? !item->reported :
			      item->snapshot == watch->snapshot;
}

static void bury(struct watch *watch, struct watched *item)
{
	if (watch->gone_count < GONE_MAX) {
		watch->gone = memory_realloc(watch->gone, watch->gone_count + 1,
					     sizeof(*watch->gone));
		watch->gone[watch->gone_count++] = item;
		return;
	}
	sum_add(&watch->gone_others, 1,
		item->now.utime_ns - item->first_utime_ns,
		item->now.stime_ns - item->first_stime_ns);
	free(item);
}

/*
 * An exited process stays for one more report, because the snapshot after its
 * record may still have it. A process that was unregistered is in no snapshot.
 */
static bool is_over(const struct watch *watch, const struct watched *item)
{
	return item->exited ? item->reported :
			      item->snapshot + 2 <= watch->snapshot;
}

void watch_next(struct watch *watch)
{
	size_t i, kept = 0;

	for (i = 0; i < watch->count; i++) {
		struct watched *item = watch->items[i];

		if (is_over(watch, item)) {
			tdelete(item, &watch->index, compare);
			bury(watch, item);
			continue;
		}
		item->last_utime_ns = item->now.utime_ns;
		item->last_stime_ns = item->now.stime_ns;
		item->reported = item->exited;
		watch->items[kept++] = item;
	}
	watch->count = kept;
	watch->lost = (struct watch_sum){ 0 };
}
