/* SPDX-License-Identifier: MIT */
/*
 * The counters of urt exporter: CPU time by the names of processes. A counter
 * only grows, whatever processes come, go, or change their names.
 *
 * A number and a start identify a process, whichever registry shows it, so that
 * it counts once. The CPU time since its last look goes to the name that it has
 * now. The name keeps this time when the process has ended.
 *
 * CPU time from before the first look goes to no name. Otherwise a counter
 * would jump by years when an old process is registered, and by the sum of all
 * processes when the exporter restarts.
 */
#ifndef EXPORTER_MODEL_H
#define EXPORTER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburt.h>

/* All processes of a name. */
struct exporter_group {
	char comm[64];
	uint64_t utime_ns;	/* used while it was followed; only grows */
	uint64_t stime_ns;
	uint64_t exits;		/* only grows */
	/* Living processes, as of the latest look. */
	uint64_t living;
	uint64_t threads;
	uint64_t oldest_ns;	/* the earliest start */
};

struct exporter_process {
	struct urt_process now;	/* as last seen; its times never shrink */
	struct exporter_group *group;
	uint64_t look;		/* that it was last in */
	bool final;
	/*
	 * CPU time that goes to no name: used before the process could be seen.
	 */
	uint64_t before_utime_ns;
	uint64_t before_stime_ns;
	bool before_exit;
};

/* A registry, and a rule that says which of its processes are new. */
struct exporter_source {
	bool records;		/* exits have records: no generation matters */
	/*
	 * A process that is seen first and began after this moment has used all
	 * its CPU time while it could be seen. The system registry shows every
	 * process at each look, so that this is the latest look. A session sees
	 * every process that begins in its trees, so that this is the session's
	 * beginning. For names, this is the search before the latest one: a
	 * process that had another name in two searches was not on its way from
	 * fork to exec.
	 */
	uint64_t since_ns;
	uint64_t searched_ns;	/* the latest search for names */
	uint64_t generation;	/* of the latest snapshot */
	uint64_t time_ns;
	unsigned int interval_ms;
	uint64_t registered;
	uint64_t unseen;	/* processes without room in the map */
	uint64_t unregistered;	/* processes that could not be followed */
	uint64_t lost;		/* could not be registered; 0 again on reload */
};

struct exporter_model {
	struct exporter_process **items;	/* as they came */
	size_t count;
	size_t size;
	void *index;		/* of the items */
	struct exporter_group **groups;		/* as they came */
	size_t groups_count;
	size_t groups_max;
	void *groups_index;
	struct exporter_group *other;	/* processes whose name had no room */
	uint64_t look;
	/* Counters. */
	uint64_t left_out;	/* processes whose name had no room */
	uint64_t vanished;	/* processes that left without a final value */
	uint64_t missed_generations;
	uint64_t lost_count;	/* exit records that the kernel dropped */
	uint64_t lost_utime_ns;
	uint64_t lost_stime_ns;
};

/* The name of processes whose own name had no room. */
#define EXPORTER_OTHER "(other)"

void exporter_model_init(struct exporter_model *model, size_t groups_max);
void exporter_model_free(struct exporter_model *model);

/*
 * A look consists of its beginning, the snapshot of each registry, and its end.
 * now_ns is a moment before the snapshot was read (CLOCK_BOOTTIME).
 */
void exporter_model_begin(struct exporter_model *model);
void exporter_model_snapshot(struct exporter_model *model,
			     struct exporter_source *source,
			     const struct urt_snapshot *snapshot,
			     uint64_t now_ns);
/* There is no such registry now, and therefore no process in it. */
void exporter_model_absent(struct exporter_source *source, uint64_t now_ns);
/* A registry cannot be read now. Its processes stay as they were. */
void exporter_model_unreadable(struct exporter_model *model);
/*
 * The search is complete: every process that had one of the names at now_ns is
 * registered and in the snapshot, except processes that we may not register.
 */
void exporter_model_searched(struct exporter_source *source, uint64_t now_ns);
void exporter_model_end(struct exporter_model *model);

/* Adds an exit record, at any time. */
void exporter_model_record(struct exporter_model *model,
			   struct exporter_source *source,
			   const struct urt_record *record);

/* Whether the process lives, as of the latest look. */
static inline bool exporter_lives(const struct exporter_model *model,
				  const struct exporter_process *item)
{
	return !item->final && item->look == model->look;
}

#endif
