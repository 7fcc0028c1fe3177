/* SPDX-License-Identifier: MIT */
/*
 * What urt exporter counts: CPU time by the names of processes, for counters
 * that only grow, whatever processes come, go, or change their names.
 *
 * A process is known by its number and its start, whichever registry shows it,
 * so it counts once. What it has used since it was last looked at goes to the
 * name that it has then; the name keeps it when the process is gone. What it
 * had used before it could be seen is nobody's: else a counter would jump by
 * years when an old process is registered, and by all of them when the exporter
 * is started again.
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
	uint64_t utime_ns;	/* used while it was looked at; only grows */
	uint64_t stime_ns;
	uint64_t exits;		/* only grows */
	/* Of those that live, as of the latest look. */
	uint64_t living;
	uint64_t threads;
	uint64_t oldest_ns;	/* the earliest start */
};

struct exporter_process {
	struct urt_process now;	/* as last seen; its times never go back */
	struct exporter_group *group;
	uint64_t look;		/* that it was last in */
	bool final;
	/* What is nobody's: what it had used when it was first seen, its end. */
	uint64_t before_utime_ns;
	uint64_t before_stime_ns;
	bool before_exit;
};

/* A registry, and who in it is new. */
struct exporter_source {
	bool records;		/* exits have records: no generation matters */
	/*
	 * A process that is seen first, and has begun after this, has used all
	 * that it has since it could be seen. The registry of all shows everybody
	 * at each look: since the latest one. A session sees whatever begins in
	 * its trees: since it began; where names are looked for, since the search
	 * before the latest one: a process that had another name in two searches
	 * was not on its way from fork to exec.
	 */
	uint64_t since_ns;
	uint64_t searched_ns;	/* the latest search for names */
	uint64_t generation;	/* of the latest snapshot */
	uint64_t time_ns;
	unsigned int interval_ms;
	uint64_t registered;
	uint64_t unseen;	/* of them: the map had no room */
	uint64_t unregistered;	/* of those to follow: they could not be */
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
	struct exporter_group *other;	/* for whom there was no room */
	uint64_t look;
	/* Counters. */
	uint64_t left_out;	/* processes whose name had no room */
	uint64_t vanished;	/* left without a final value */
	uint64_t missed_generations;
	uint64_t lost_count;	/* exit records that the kernel dropped */
	uint64_t lost_utime_ns;
	uint64_t lost_stime_ns;
};

/* The name of those whose own had no room. */
#define EXPORTER_OTHER "(other)"

void exporter_model_init(struct exporter_model *model, size_t groups_max);
void exporter_model_free(struct exporter_model *model);

/*
 * A look: its beginning, the snapshot of each registry, its end. now_ns is a
 * moment before the snapshot was read (CLOCK_BOOTTIME).
 */
void exporter_model_begin(struct exporter_model *model);
void exporter_model_snapshot(struct exporter_model *model,
			     struct exporter_source *source,
			     const struct urt_snapshot *snapshot,
			     uint64_t now_ns);
/* There is no such registry now, so nobody is in it. */
void exporter_model_absent(struct exporter_source *source, uint64_t now_ns);
/* A registry cannot be read now: all stay as they were. */
void exporter_model_unreadable(struct exporter_model *model);
/*
 * All that had one of the names at now_ns are registered, but for those that
 * may not be, and the snapshot has them.
 */
void exporter_model_searched(struct exporter_source *source, uint64_t now_ns);
void exporter_model_end(struct exporter_model *model);

/* An exit record, at any time. */
void exporter_model_record(struct exporter_model *model,
			   struct exporter_source *source,
			   const struct urt_record *record);

/* Whether it lives, as of the latest look. */
static inline bool exporter_lives(const struct exporter_model *model,
				  const struct exporter_process *item)
{
	return !item->final && item->look == model->look;
}

#endif
