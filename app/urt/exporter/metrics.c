// SPDX-License-Identifier: MIT
#include "exporter/metrics.h"

#include <stdlib.h>

#include "clock.h"
#include "exporter/text.h"
#include "memory.h"

/* --- by name --- */

struct group_family {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct exporter_group *group);
	enum exporter_unit unit;
	bool living;	/* a moment, only where there are any */
};

static uint64_t group_user(const struct exporter_group *group)
{
	return group->utime_ns;
}

static uint64_t group_system(const struct exporter_group *group)
{
	return group->stime_ns;
}

static uint64_t group_exits(const struct exporter_group *group)
{
	return group->exits;
}

static uint64_t group_living(const struct exporter_group *group)
{
	return group->living;
}

static uint64_t group_threads(const struct exporter_group *group)
{
	return group->threads;
}

static uint64_t group_oldest(const struct exporter_group *group)
{
	return group->oldest_ns;
}

static const struct group_family group_families[] = {
	{ "urt_process_cpu_user_seconds_total", "counter",
	  "CPU time in user mode that processes of this name have used since the exporter has seen them, those that have exited included.",
	  group_user, SECONDS, false },
	{ "urt_process_cpu_system_seconds_total", "counter",
	  "CPU time in kernel mode that processes of this name have used since the exporter has seen them, those that have exited included.",
	  group_system, SECONDS, false },
	{ "urt_process_exits_total", "counter",
	  "Processes that had this name when they exited.",
	  group_exits, NUMBER, false },
	{ "urt_processes", "gauge",
	  "Processes of this name that live.",
	  group_living, NUMBER, false },
	{ "urt_process_threads", "gauge",
	  "Threads of the processes of this name.",
	  group_threads, NUMBER, false },
	{ "urt_process_start_time_seconds", "gauge",
	  "When the oldest living process of this name started, since the epoch.",
	  group_oldest, SECONDS, true },
};

static const struct exporter_group *
group_at(const struct exporter_model *model, size_t i)
{
	return i < model->groups_count ? model->groups[i] : model->other;
}

static void put_group(struct exporter_text *text,
		      const struct group_family *family,
		      const struct exporter_group *group,
		      const struct exporter_text *labels, uint64_t epoch_ns)
{
	uint64_t since = family->living ? epoch_ns : 0;

	if (!group || (family->living && !group->living))
		return;
	exporter_text_sample(text, family->name, labels, family->unit,
			     family->value(group) + since);
}

static void group_labels(struct exporter_text *labels,
			 const struct exporter_group *group)
{
	char label[EXPORTER_LABEL_SIZE];

	exporter_text_put(labels, "{comm=\"");
	exporter_text_put(labels, exporter_text_label(label, group->comm));
	exporter_text_put(labels, "\"}");
}

static void put_groups(struct exporter_text *text,
		       const struct exporter_model *model, uint64_t epoch_ns)
{
	size_t families = sizeof(group_families) / sizeof(*group_families);
	size_t count = model->groups_count + 1, f, i;
	struct exporter_text *labels = memory_alloc(count * sizeof(*labels));

	for (i = 0; i < count && group_at(model, i); i++)
		group_labels(&labels[i], group_at(model, i));
	for (f = 0; f < families; f++) {
		const struct group_family *of = &group_families[f];

		exporter_text_family(text, of->name, of->type, of->help);
		for (i = 0; i < count; i++)
			put_group(text, of, group_at(model, i), &labels[i],
				  epoch_ns);
	}
	for (i = 0; i < count; i++)
		free(labels[i].at);
	free(labels);
}

/* --- one by one --- */

struct pid_family {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct urt_process *process);
	enum exporter_unit unit;
	bool moment;
};

static uint64_t pid_user(const struct urt_process *process)
{
	return process->utime_ns;
}

static uint64_t pid_system(const struct urt_process *process)
{
	return process->stime_ns;
}

static uint64_t pid_threads(const struct urt_process *process)
{
	return process->threads;
}

static uint64_t pid_start(const struct urt_process *process)
{
	return process->start_ns;
}

static const struct pid_family pid_families[] = {
	{ "urt_pid_cpu_user_seconds_total", "counter",
	  "CPU time in user mode that this process has used since its start.",
	  pid_user, SECONDS, false },
	{ "urt_pid_cpu_system_seconds_total", "counter",
	  "CPU time in kernel mode that this process has used since its start.",
	  pid_system, SECONDS, false },
	{ "urt_pid_threads", "gauge",
	  "Threads of this process.",
	  pid_threads, NUMBER, false },
	{ "urt_pid_start_time_seconds", "gauge",
	  "When this process started, since the epoch.",
	  pid_start, SECONDS, true },
};

/* The start tells apart two processes that had the same number. */
static void pid_labels(struct exporter_text *labels,
		       const struct urt_process *process)
{
	char label[EXPORTER_LABEL_SIZE];

	exporter_text_put(labels, "{pid=\"");
	exporter_text_number(labels, NUMBER, (uint64_t)process->pid);
	exporter_text_put(labels, "\",start=\"");
	exporter_text_number(labels, SECONDS, process->start_ns);
	exporter_text_put(labels, "\",comm=\"");
	exporter_text_put(labels, exporter_text_label(label, process->comm));
	exporter_text_put(labels, "\"}");
}

struct pids {
	const struct urt_process **processes;
	struct exporter_text *labels;
	size_t count;
	uint64_t left_out;
};

/* Processes that came first keep their place until they exit. */
static void choose_pids(struct pids *pids, const struct exporter_model *model,
			size_t max)
{
	size_t i;

	for (i = 0; i < model->count; i++) {
		const struct exporter_process *item = model->items[i];

		if (!exporter_lives(model, item))
			continue;
		if (pids->count == max) {
			pids->left_out++;
			continue;
		}
		pids->processes[pids->count] = &item->now;
		pid_labels(&pids->labels[pids->count++], &item->now);
	}
}

static void put_pids(struct exporter_text *text,
		     const struct exporter_model *model,
		     const struct exporter_facts *facts)
{
	size_t families = sizeof(pid_families) / sizeof(*pid_families), f, i;
	size_t max = facts->pids_max < model->count ? facts->pids_max :
						      model->count;
	struct pids pids = {
		.processes = memory_realloc(NULL, max + 1, sizeof(void *)),
		.labels = memory_alloc((max + 1) * sizeof(*pids.labels)),
	};

	choose_pids(&pids, model, max);
	for (f = 0; f < families; f++) {
		const struct pid_family *of = &pid_families[f];
		uint64_t since = of->moment ? facts->epoch_ns : 0;

		exporter_text_family(text, of->name, of->type, of->help);
		for (i = 0; i < pids.count; i++)
			exporter_text_sample(text, of->name, &pids.labels[i],
					     of->unit, since +
					     of->value(pids.processes[i]));
	}
	exporter_text_single(text, "urt_exporter_pids_left_out",
			     "gauge", NUMBER, pids.left_out,
			     "Living processes that have no series of their own: --per-pid has no room for them.");
	for (i = 0; i < pids.count; i++)
		free(pids.labels[i].at);
	free(pids.labels);
	free(pids.processes);
}

/* --- the registries, and the exporter --- */

struct source_family {
	const char *name;
	const char *type;
	const char *help;
	enum exporter_unit unit;
	uint64_t (*value)(const struct exporter_source *source,
			  uint64_t now_ns);
};

static uint64_t source_registered(const struct exporter_source *source,
				  uint64_t now_ns)
{
	(void)now_ns;
	return source->registered;
}

static uint64_t source_lost(const struct exporter_source *source,
			    uint64_t now_ns)
{
	(void)now_ns;
	return source->lost;
}

static uint64_t source_generation(const struct exporter_source *source,
				  uint64_t now_ns)
{
	(void)now_ns;
	return source->generation;
}

static uint64_t source_interval(const struct exporter_source *source,
				uint64_t now_ns)
{
	(void)now_ns;
	return source->interval_ms * NSEC_PER_MSEC;
}

static uint64_t source_age(const struct exporter_source *source,
			   uint64_t now_ns)
{
	/* An empty registry is not refreshed. */
	if (!source->registered || now_ns < source->time_ns)
		return 0;
	return now_ns - source->time_ns;
}

static const struct source_family source_families[] = {
	{ "urt_registered_processes", "gauge",
	  "Processes that are registered, those included that have just exited.",
	  NUMBER, source_registered },
	{ "urt_lost_processes_total", "counter",
	  "Children that could not be registered when they were forked (quota, no memory): their CPU time is in no counter.",
	  NUMBER, source_lost },
	{ "urt_refreshes_total", "counter",
	  "Refreshes of this registry; begins again when the module is loaded.",
	  NUMBER, source_generation },
	{ "urt_refresh_interval_seconds", "gauge",
	  "Time between two refreshes that is in force; longer than asked for where a refresh costs too much.",
	  SECONDS, source_interval },
	{ "urt_refresh_age_seconds", "gauge",
	  "How old the values are; 0 while nothing is registered.",
	  SECONDS, source_age },
};

static void put_sources(struct exporter_text *text,
			const struct exporter_facts *facts)
{
	struct exporter_text system = { 0 }, own = { 0 };
	size_t families = sizeof(source_families) / sizeof(*source_families), f;

	exporter_text_put(&system, "{registry=\"system\"}");
	exporter_text_put(&own, "{registry=\"own\"}");
	for (f = 0; f < families; f++) {
		const struct source_family *of = &source_families[f];

		exporter_text_family(text, of->name, of->type, of->help);
		exporter_text_sample(text, of->name, &system, of->unit,
				     of->value(facts->system, facts->now_ns));
		if (facts->own)
			exporter_text_sample(text, of->name, &own, of->unit,
					     of->value(facts->own,
						       facts->now_ns));
	}
	free(system.at);
	free(own.at);
}

/* Families that only exit records can fill. */
static void put_own(struct exporter_text *text,
		    const struct exporter_model *model,
		    const struct exporter_source *own)
{
	exporter_text_single(text, "urt_dropped_records_total",
			     "counter", NUMBER, model->lost_count,
			     "Processes of which the kernel kept only sums, as nobody read their exit records in time.");
	exporter_text_single(text, "urt_dropped_records_cpu_user_seconds_total",
			     "counter", SECONDS, model->lost_utime_ns,
			     "CPU time in user mode of those in urt_dropped_records_total; what was seen of them while they lived is also under their names.");
	exporter_text_single(text, "urt_dropped_records_cpu_system_seconds_total",
			     "counter", SECONDS, model->lost_stime_ns,
			     "CPU time in kernel mode of those in urt_dropped_records_total; what was seen of them while they lived is also under their names.");
	exporter_text_single(text, "urt_exporter_unseen_processes",
			     "gauge", NUMBER, own->unseen + own->unregistered,
			     "Living processes that are to be followed and are not seen: they could not be registered (quota, rights), or the module's map has no room for them, which count when they exit.");
}

static void put_exporter(struct exporter_text *text,
			 const struct exporter_model *model,
			 const struct exporter_facts *facts)
{
	exporter_text_single(text, "urt_exporter_refresh_duration_seconds",
			     "gauge", SECONDS, facts->refresh_ns,
			     "How long it took last to read the registries and to add up.");
	exporter_text_single(text, "urt_exporter_missed_refreshes_total",
			     "counter", NUMBER, model->missed_generations,
			     "Refreshes of the system registry that the exporter came too late for.");
	exporter_text_single(text, "urt_exporter_vanished_processes_total",
			     "counter", NUMBER, model->vanished,
			     "Processes that left without a final value: unregistered, or final in a refresh that was missed.");
	exporter_text_single(text, "urt_exporter_names_left_out_total",
			     "counter", NUMBER, model->left_out,
			     "Processes counted as comm=\"(other)\", as there was no room for one more name.");
	exporter_text_single(text, "urt_exporter_cpu_seconds_total",
			     "counter", SECONDS, facts->cpu_ns,
			     "CPU time that the exporter itself has used.");
	exporter_text_single(text, "urt_exporter_start_time_seconds",
			     "gauge", SECONDS, facts->start_ns + facts->epoch_ns,
			     "When the exporter started, since the epoch.");
}

static void put_build(struct exporter_text *text,
		      const struct exporter_facts *facts)
{
	char label[EXPORTER_LABEL_SIZE];
	struct exporter_text labels = { 0 };

	exporter_text_family(text, "urt_build_info", "gauge",
			     "1; the versions of urt and of the loaded module.");
	exporter_text_put(&labels, "{version=\"");
	exporter_text_put(&labels, exporter_text_label(label, facts->version));
	exporter_text_put(&labels, "\",module=\"");
	exporter_text_put(&labels, exporter_text_label(label, facts->module));
	exporter_text_put(&labels, "\"}");
	exporter_text_sample(text, "urt_build_info", &labels, NUMBER, 1);
	free(labels.at);
}

void exporter_metrics_write(struct exporter_text *text,
			 const struct exporter_model *model,
			 const struct exporter_facts *facts)
{
	exporter_text_single(text, "urt_up", "gauge", NUMBER, facts->up,
			     "Whether the usertime module is loaded and all could be read.");
	put_build(text, facts);
	put_sources(text, facts);
	if (facts->own)
		put_own(text, model, facts->own);
	put_exporter(text, model, facts);
	put_groups(text, model, facts->epoch_ns);
	if (facts->pids_max)
		put_pids(text, model, facts);
}
