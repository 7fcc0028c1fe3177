// SPDX-License-Identifier: MIT
#include "exporter/source.h"

#include <errno.h>
#include <error.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

/* How long to wait for a module, and the longest wait for anything. */
#define ABSENT_NS	NSEC_PER_SEC
#define WAIT_MAX_NS	(10 * NSEC_PER_SEC)

/* Reports a failure once, not at each look. */
static void tell(int *told, const char *what, int err)
{
	if (err && err != *told)
		error(0, 0, "%s: %s", what, urt_strerror(err));
	*told = err;
}

/* --- the system registry --- */

static void due(struct exporter_sources *sources, uint64_t ns)
{
	if (ns < sources->next_ns)
		sources->next_ns = ns;
}

/*
 * The final value of a process stays for one generation. The next look is due a
 * quarter into the next generation. No event reports that a generation of an
 * empty registry begins.
 */
static void schedule(struct exporter_sources *sources, uint64_t now_ns)
{
	const struct exporter_source *state = &sources->system_state;
	uint64_t interval = state->interval_ms * NSEC_PER_MSEC;
	uint64_t next = state->time_ns + interval + interval / 4;

	if (!state->registered)
		next = now_ns + interval;
	else if (next < now_ns + interval / 4)
		next = now_ns + interval / 4;
	due(sources, next);
}

static void system_failed(struct exporter_sources *sources,
			  struct exporter_model *model, int err,
			  uint64_t now_ns)
{
	/* A missing module is no failure, because urt_up reports it. */
	if (err == ENOENT) {
		exporter_model_absent(&sources->system_state, now_ns);
		err = 0;
	} else {
		exporter_model_unreadable(model);
	}
	tell(&sources->told_system, "cannot read the system registry", err);
	due(sources, now_ns + ABSENT_NS);
}

/* Return: whether the registry could be read. */
static bool look_at_system(struct exporter_sources *sources,
			   struct exporter_model *model)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	struct urt *u = urt_open_system();
	bool up = u && !urt_snapshot(u, &sources->system_snapshot);

	if (up) {
		exporter_model_snapshot(model, &sources->system_state,
					&sources->system_snapshot, now);
		sources->told_system = 0;
		schedule(sources, now);
	} else {
		system_failed(sources, model, errno, now);
	}
	urt_close(u);
	return up;
}

/* --- a session of our own --- */

/*
 * Processes take and drop names, so that the exporter must search for names
 * again and again.
 * Return: whether all processes of the names are registered, except processes
 * that we may never register. If a search waited for these, it would never be
 * complete. Then CPU time that a process used under another name would count.
 */
static bool search(struct exporter_sources *sources, uint64_t now_ns)
{
	int err = select_names(&sources->names, sources->own,
			       &sources->own_state.unregistered);

	tell(&sources->told_names, "cannot follow all of that name", err);
	sources->names_ns = now_ns + sources->interval_ms * NSEC_PER_MSEC;
	return !err || err == EPERM;
}

/* Return: whether the model has all registered processes. */
static bool take_own(struct exporter_sources *sources,
		     struct exporter_model *model)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);

	if (urt_snapshot(sources->own, &sources->own_snapshot)) {
		tell(&sources->told_own, "cannot read the session", errno);
		exporter_model_unreadable(model);
		return false;
	}
	sources->told_own = 0;
	exporter_model_snapshot(model, &sources->own_state,
				&sources->own_snapshot, now);
	return true;
}

/* Return: whether all could be registered; if not, a message is printed. */
static bool begin(struct exporter_sources *sources,
		  struct exporter_model *model)
{
	struct urt *u = sources->own;
	uint64_t now = clock_ns(CLOCK_BOOTTIME);

	sources->own_state = (struct exporter_source){
		.records = true,
		.since_ns = now,
		.searched_ns = now,
	};
	if (urt_set_interval(u, sources->interval_ms)) {
		error(0, 0, "an interval of %g s is out of your range: 0.1 (0.01 for root) to 3600",
		      sources->interval_ms / 1000.0);
		return false;
	}
	if (!select_register(&sources->pids, u, NULL))
		return false;
	search(sources, now);
	if (urt_map(u, 0)) {
		error(0, 0, "cannot map the session: %s", urt_strerror(errno));
		return false;
	}
	/*
	 * At once, so that CPU time counts from now on even if a process ends
	 * now.
	 */
	take_own(sources, model);
	return true;
}

bool exporter_sources_open(struct exporter_sources *sources,
			   struct exporter_model *model)
{
	if (!exporter_sources_own(sources) || sources->own)
		return true;
	sources->own = urt_open();
	if (!sources->own && errno == ENOENT)
		return true;
	if (!sources->own) {
		tell(&sources->told_own, "cannot open a session", errno);
		return false;
	}
	if (!begin(sources, model)) {
		urt_close(sources->own);
		sources->own = NULL;
		sources->own_failed = true;
		return false;
	}
	return true;
}

void exporter_sources_close(struct exporter_sources *sources)
{
	urt_close(sources->own);
	urt_snapshot_free(&sources->own_snapshot);
	urt_snapshot_free(&sources->system_snapshot);
	select_free(&sources->pids);
	select_free(&sources->names);
}

void exporter_sources_records(struct exporter_sources *sources,
			      struct exporter_model *model)
{
	struct urt_record record;
	int ret;

	if (!sources->own)
		return;
	do {
		ret = urt_next(sources->own, &record, 0);
		if (ret > 0)
			exporter_model_record(model, &sources->own_state,
					      &record);
	} while (ret > 0 || (ret < 0 && (errno == EPROTO || errno == EINTR)));
	sources->own_ended = !ret;
}

/*
 * The order matters. After the search, every registered process is in the map
 * or has a record, so that the next search may count from this one on.
 * Return: whether all could be read.
 */
static bool search_and_take(struct exporter_sources *sources,
			    struct exporter_model *model)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	bool is_due = sources->names.count && now >= sources->names_ns;
	bool found = !is_due || search(sources, now);
	bool mapped = !is_due || !urt_map_update(sources->own), taken;

	taken = take_own(sources, model) && mapped;
	exporter_sources_records(sources, model);
	/*
	 * If the map has too little room, it is unknown which processes are
	 * missing.
	 */
	if (is_due && found && taken && !sources->own_state.unseen)
		exporter_model_searched(&sources->own_state, now);
	return taken && !sources->told_names;
}

/* Return: whether the session is as it was asked for. */
static bool look_at_own(struct exporter_sources *sources,
			struct exporter_model *model)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	bool up;

	if (!exporter_sources_own(sources))
		return true;
	due(sources, now + sources->interval_ms * NSEC_PER_MSEC);
	if (!sources->own && !sources->own_failed)
		exporter_sources_open(sources, model);
	if (!sources->own) {
		due(sources, now + ABSENT_NS);
		return false;
	}
	up = search_and_take(sources, model);
	if (sources->names.count)
		due(sources, sources->names_ns);
	return up;
}

bool exporter_sources_look(struct exporter_sources *sources,
			   struct exporter_model *model)
{
	bool up;

	sources->next_ns = clock_ns(CLOCK_BOOTTIME) + WAIT_MAX_NS;
	exporter_model_begin(model);
	/*
	 * The order matters, because a process that is final in the registry
	 * has a record by then.
	 */
	up = look_at_system(sources, model);
	up &= look_at_own(sources, model);
	exporter_model_end(model);
	return up;
}
