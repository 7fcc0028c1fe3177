/* SPDX-License-Identifier: MIT */
/*
 * The memory of urt stat from one report to the next, so that each nanosecond
 * of CPU time is in one report.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburt.h>

struct watched {
	struct urt_process now;		/* as last seen */
	uint64_t first_utime_ns;	/* when it was first seen */
	uint64_t first_stime_ns;
	uint64_t last_utime_ns;		/* in the last report */
	uint64_t last_stime_ns;
	uint64_t snapshot;		/* the last one with this process */
	int status;			/* of wait(2), once exited; -1 unknown */
	uint64_t end_ns;		/* its end, by its record; 0: none */
	bool exited;
	bool reported;			/* reported after its exit */
};

/* Sums over processes that are not remembered one by one. */
struct watch_sum {
	uint64_t count;
	uint64_t utime_ns;
	uint64_t stime_ns;
};

struct watch {
	struct watched **items;		/* in the order of their appearance */
	size_t count;
	size_t size;
	void *index;
	uint64_t snapshot;		/* number of snapshots */
	uint64_t time_ns;		/* moment of the last snapshot */
	bool closed;			/* later processes are new */
	bool records;			/* exits have records */
	struct watched **gone;		/* exited, for the average */
	size_t gone_count;
	struct watch_sum gone_others;	/* exits for which there was no room */
	struct watch_sum lost;		/* lost records since the last report */
	struct watch_sum all_lost;
	uint64_t missed;
};

void watch_free(struct watch *watch);
void watch_snapshot(struct watch *watch,
		    const struct urt_snapshot *snapshot);
void watch_record(struct watch *watch, const struct urt_record *record);
/*
 * Whether a record is of an exit after the latest snapshot, which still shows
 * the process. Such a record is for the next report.
 */
bool watch_waits(const struct watch *watch, const struct urt_record *record);
/* Ends a report: later values are for the next one. */
void watch_next(struct watch *watch);
/*
 * The moment of the values of a first snapshot, or an earlier one. All growth
 * from then on took no less time.
 */
uint64_t watch_first_ns(const struct urt_snapshot *snapshot, bool system,
			uint64_t now_ns);
/* Whether the next report has a row for the process. */
bool watch_shown(const struct watch *watch, const struct watched *item);

#endif
