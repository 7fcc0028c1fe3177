/* SPDX-License-Identifier: MIT */
/*
 * Where urt exporter has its values from: the registry of all, which is read
 * once in each generation, and a session of its own for what it follows.
 *
 * The registry's file is open only while it is read, so that the module can be
 * unloaded; a session pins it.
 */
#ifndef EXPORTER_SOURCE_H
#define EXPORTER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/model.h"
#include "select.h"

struct exporter_sources {
	/* What to follow: numbers once, names again and again. */
	struct selection pids;
	struct selection names;
	unsigned int interval_ms;	/* of the session */

	struct urt *own;		/* the session; NULL: not open (yet) */
	bool own_ended;			/* nothing is registered in it */
	struct exporter_source own_state;
	struct exporter_source system_state;
	struct urt_snapshot own_snapshot;
	struct urt_snapshot system_snapshot;
	uint64_t next_ns;		/* the next look is due, */
	uint64_t names_ns;		/* and the next search for names */
	bool own_failed;		/* what is to be followed is wrong: end */
	/* The errno that was reported last; 0: all was well since. */
	int told_system;
	int told_own;
	int told_names;
};

/* Whether anything is followed. */
static inline bool exporter_sources_own(const struct exporter_sources *sources)
{
	return sources->pids.count || sources->names.count;
}

/*
 * Opens the session and registers what is to be followed. Without the module,
 * the first look that finds it does so, and may set own_failed. Return: whether
 * none of it was wrong; or a message.
 */
bool exporter_sources_open(struct exporter_sources *sources,
			   struct exporter_model *model);
void exporter_sources_close(struct exporter_sources *sources);

/* Exit records that wait. */
void exporter_sources_records(struct exporter_sources *sources,
			      struct exporter_model *model);
/* All there is to know, at this moment. Return: whether it could be read. */
bool exporter_sources_look(struct exporter_sources *sources,
			   struct exporter_model *model);

#endif
