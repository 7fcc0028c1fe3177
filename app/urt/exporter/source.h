/* SPDX-License-Identifier: MIT */
/*
 * The sources of urt exporter's values: the system registry, which is read once
 * in each generation, and a session for the processes that it follows.
 *
 * The registry's file is open only while it is read, so that the module can be
 * unloaded. A session pins the module.
 */
#ifndef EXPORTER_SOURCE_H
#define EXPORTER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/model.h"
#include "select.h"

struct exporter_sources {
	/*
	 * The processes to follow. PIDs are registered once, names again and
	 * again.
	 */
	struct selection pids;
	struct selection names;
	unsigned int interval_ms;	/* of the session */

	struct urt *own;		/* the session; NULL: not open now */
	bool own_ended;			/* no process is registered in it */
	struct exporter_source own_state;
	struct exporter_source system_state;
	struct urt_snapshot own_snapshot;
	struct urt_snapshot system_snapshot;
	uint64_t next_ns;		/* the next look is due, */
	uint64_t names_ns;		/* and the next search for names */
	bool own_failed;		/* wrong selection: end */
	/* The errno that was reported last; 0: all went well since. */
	int told_system;
	int told_own;
	int told_names;
};

/* Whether any process is followed. */
static inline bool exporter_sources_own(const struct exporter_sources *sources)
{
	return sources->pids.count || sources->names.count;
}

/*
 * Opens the session and registers the processes to follow. If there is no
 * module yet, the first look that finds the module does this, and may set
 * own_failed.
 * Return: whether the selection was right; if not, a message is printed.
 */
bool exporter_sources_open(struct exporter_sources *sources,
			   struct exporter_model *model);
void exporter_sources_close(struct exporter_sources *sources);

/* Takes the exit records that wait. */
void exporter_sources_records(struct exporter_sources *sources,
			      struct exporter_model *model);
/* Takes all values of this moment. Return: whether they could be read. */
bool exporter_sources_look(struct exporter_sources *sources,
			   struct exporter_model *model);

#endif
