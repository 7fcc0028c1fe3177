/* SPDX-License-Identifier: MIT */
/*
 * What the processes of a run used, added up as their records come: by name,
 * and one by one if asked for. The sum of the rows is the total, to the
 * nanosecond.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburt.h>

/* All processes of one name, or all that something else is true of. */
struct sum {
	char *comm;		/* as it is, nothing escaped */
	uint64_t count;
	uint64_t running;	/* of them: have not ended */
	uint64_t unreaped;	/* have ended, and not been reaped */
	uint64_t utime_ns;
	uint64_t stime_ns;
	uint64_t longest_ns;	/* wall time of one */
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
	bool unreaped;		/* exited, but only a reaped one has a status */
};

struct tally {
	struct sum total;	/* of the rows: names, and lost */
	struct sum lost;	/* records that the kernel dropped */
	uint64_t missed;	/* processes that it could not register */
	uint64_t end_ns;	/* the latest moment that is known of one */
	struct sum **names;	/* count of them, unordered */
	size_t count;
	size_t size;
	void *index;		/* of the names */
	bool each;
	struct tally_process *processes;	/* with each */
	size_t processes_count;
	size_t processes_size;
};

void tally_init(struct tally *tally, bool each);
void tally_free(struct tally *tally);

/* A record of any type. */
void tally_record(struct tally *tally, const struct urt_record *record);
/* One without a record, as it was at that moment: it runs, or is not reaped. */
void tally_living(struct tally *tally, const struct urt_process *process,
		  uint64_t time_ns, bool unreaped);

/* The names by CPU time, most first; processes in the order of their start. */
void tally_sort(struct tally *tally);

static inline uint64_t sum_cpu(const struct sum *sum)
{
	return sum->utime_ns + sum->stime_ns;
}

/* Adds one to another; its name stays. */
void tally_add(struct sum *to, const struct sum *sum);

#endif
