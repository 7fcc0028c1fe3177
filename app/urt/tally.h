/* SPDX-License-Identifier: MIT */
/*
 * The CPU time of the processes of a run. Records are added up as they come, by
 * name and, if asked for, for each process. The sum of the rows is the total,
 * to the nanosecond.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburt.h>

/* The sum over all processes of one name, or of another group. */
struct sum {
	char *comm;		/* as it is, nothing escaped */
	uint64_t count;
	uint64_t running;	/* of them still run */
	uint64_t unreaped;	/* of them have ended and are not reaped */
	uint64_t utime_ns;
	uint64_t stime_ns;
	uint64_t longest_ns;	/* longest wall time of one process */
};

/* A process. */
struct tally_process {
	const char *comm;
	uint64_t utime_ns;
	uint64_t stime_ns;
	uint64_t start_ns;
	uint64_t runtime_ns;
	pid_t pid;
	pid_t ppid;
	int status;
	bool running;
	bool unreaped;		/* exited, not reaped, no status yet */
};

struct tally {
	struct sum total;	/* sum of the rows: names, and lost */
	struct sum lost;	/* records that the kernel dropped */
	uint64_t missed;	/* processes that could not be registered */
	uint64_t end_ns;	/* the latest known moment of any process */
	struct sum **names;	/* count of them, unordered */
	size_t count;
	size_t size;
	void *index;		/* of the names */
	bool each;
	struct tally_process *processes;	/* each process, if asked for */
	size_t processes_count;
	size_t processes_size;
};

void tally_init(struct tally *tally, bool each);
void tally_free(struct tally *tally);

/* Adds a record of any type. */
void tally_record(struct tally *tally, const struct urt_record *record);
/* Adds a process without a record, as of now: it runs, or is not reaped. */
void tally_living(struct tally *tally, const struct urt_process *process,
		  uint64_t time_ns, bool unreaped);

/* Sorts names by CPU time, most first, and processes by their start. */
void tally_sort(struct tally *tally);

static inline uint64_t sum_cpu(const struct sum *sum)
{
	return sum->utime_ns + sum->stime_ns;
}

/* Adds one sum to another one, whose name stays. */
void tally_add(struct sum *to, const struct sum *sum);

#endif
