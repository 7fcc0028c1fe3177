// SPDX-License-Identifier: MIT
#include "exporter/model.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "memory.h"

/* Longer than any fork, because a look during a fork does not see the child. */
#define FORK_NS (100 * NSEC_PER_MSEC)

/*
 * A process that has left every registry stays known for this many looks. The
 * source that was read first may have shown it as dead while another source
 * still shows it alive.
 */
#define LOOKS_KEPT 2

void exporter_model_init(struct exporter_model *model, size_t groups_max)
{
	*model = (struct exporter_model){ .groups_max = groups_max };
}

void exporter_model_free(struct exporter_model *model)
{
	memory_free_index(model->index);
	while (model->count)
		free(model->items[--model->count]);
	free(model->items);
	memory_free_index(model->groups_index);
	while (model->groups_count)
		free(model->groups[--model->groups_count]);
	free(model->groups);
	free(model->other);
}

/* --- names --- */

static int compare_comm(const void *a, const void *b)
{
	return strcmp(((const struct exporter_group *)a)->comm,
		      ((const struct exporter_group *)b)->comm);
}

static struct exporter_group *new_group(const char *comm)
{
	struct exporter_group *group = memory_alloc(sizeof(*group));

	strncpy(group->comm, comm, sizeof(group->comm) - 1);
	return group;
}

static struct exporter_group *other(struct exporter_model *model)
{
	model->left_out++;
	if (!model->other)
		model->other = new_group(EXPORTER_OTHER);
	return model->other;
}

static struct exporter_group *find_group(struct exporter_model *model,
					 const char *comm)
{
	struct exporter_group key, *group, **node;

	memset(key.comm, 0, sizeof(key.comm));
	strncpy(key.comm, comm, sizeof(key.comm) - 1);
	node = tfind(&key, &model->groups_index, compare_comm);
	if (node)
		return *node;
	/* A process that is called "(other)" counts as one of the others. */
	if (model->groups_count >= model->groups_max ||
	    !strcmp(comm, EXPORTER_OTHER))
		return other(model);
	group = new_group(comm);
	model->groups = memory_realloc(model->groups, model->groups_count + 1,
				       sizeof(struct exporter_group *));
	model->groups[model->groups_count++] = group;
	if (!tsearch(group, &model->groups_index, compare_comm))
		memory_exhausted();
	return group;
}

/* --- processes --- */

static int compare_process(const void *a, const void *b)
{
	const struct exporter_process *item_a = a, *item_b = b;
	const struct urt_process *x = &item_a->now, *y = &item_b->now;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static struct exporter_process *append(struct exporter_model *model,
				       const struct exporter_process *key)
{
	struct exporter_process *item = memory_alloc(sizeof(*item));

	*item = *key;
	model->items = memory_room(model->items, model->count, &model->size,
				   sizeof(*model->items));
	model->items[model->count++] = item;
	if (!tsearch(item, &model->index, compare_process))
		memory_exhausted();
	return item;
}

static bool is_new(const struct exporter_source *source,
		   const struct urt_process *process)
{
	return process->start_ns + FORK_NS >= source->since_ns;
}

/* Another source took the process for old. This source knows that it is new. */
static void claim(struct exporter_process *item)
{
	item->group->utime_ns += item->before_utime_ns;
	item->group->stime_ns += item->before_stime_ns;
	item->group->exits += item->before_exit;
	item->before_utime_ns = 0;
	item->before_stime_ns = 0;
	item->before_exit = false;
}

/* ended: the process ended before it could be seen, unless it is new. */
static struct exporter_process *find(struct exporter_model *model,
				     const struct exporter_source *source,
				     const struct urt_process *process,
				     bool ended)
{
	struct exporter_process key = { .now = *process }, **node;

	node = tfind(&key, &model->index, compare_process);
	if (node) {
		if (is_new(source, process))
			claim(*node);
		return *node;
	}
	key.group = find_group(model, process->comm);
	if (is_new(source, process)) {
		key.now.utime_ns = 0;
		key.now.stime_ns = 0;
	} else {
		key.before_utime_ns = process->utime_ns;
		key.before_stime_ns = process->stime_ns;
		key.before_exit = ended;
		key.final = ended;
	}
	return append(model, &key);
}

static uint64_t total(const struct urt_process *process)
{
	return process->utime_ns + process->stime_ns;
}

/*
 * Two registries may divide the same total differently. Only the growth counts.
 */
static void take_times(struct exporter_process *item,
		       const struct urt_process *process)
{
	struct urt_process *now = &item->now;
	uint64_t grown, user;

	if (total(process) <= total(now))
		return;
	grown = total(process) - total(now);
	user = process->utime_ns > now->utime_ns ?
	       process->utime_ns - now->utime_ns : 0;
	if (user > grown)
		user = grown;
	now->utime_ns += user;
	now->stime_ns += grown - user;
	item->group->utime_ns += user;
	item->group->stime_ns += grown - user;
}

static void take(struct exporter_model *model, struct exporter_process *item,
		 const struct urt_process *process)
{
	/* A registry may be older than another registry, or than a record. */
	if (item->final ||
	    (process->state != 'X' && total(process) < total(&item->now)))
		return;
	if (strcmp(item->now.comm, process->comm)) {
		memcpy(item->now.comm, process->comm, sizeof(item->now.comm));
		item->group = find_group(model, process->comm);
	}
	take_times(item, process);
	item->now.state = process->state;
	item->now.threads = process->threads;
	if (process->state == 'X') {
		item->final = true;
		item->group->exits++;
	}
}

/* --- looks --- */

void exporter_model_begin(struct exporter_model *model)
{
	model->look++;
}

static void count_missed(struct exporter_model *model,
			 const struct exporter_source *source,
			 uint64_t generation)
{
	/* The generation starts again when the module is loaded again. */
	uint64_t next = source->generation + 1;

	if (!source->records && source->interval_ms && generation > next)
		model->missed_generations += generation - next;
}

void exporter_model_snapshot(struct exporter_model *model,
			     struct exporter_source *source,
			     const struct urt_snapshot *snapshot,
			     uint64_t now_ns)
{
	struct exporter_process *item;
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct urt_process *process = &snapshot->processes[i];

		item = find(model, source, process, process->state == 'X');
		item->look = model->look;
		take(model, item, process);
	}
	count_missed(model, source, snapshot->generation);
	source->generation = snapshot->generation;
	source->time_ns = snapshot->time_ns;
	source->interval_ms = snapshot->interval_ms;
	source->registered = snapshot->registered;
	source->unseen = snapshot->registered - snapshot->count;
	if (source->records)	/* it knows its start and its losses itself */
		return;
	source->since_ns = now_ns;
	source->lost = snapshot->lost;
}

void exporter_model_absent(struct exporter_source *source, uint64_t now_ns)
{
	*source = (struct exporter_source){
		.records = source->records,
		.since_ns = now_ns,
	};
}

void exporter_model_unreadable(struct exporter_model *model)
{
	size_t i;

	for (i = 0; i < model->count; i++)
		model->items[i]->look = model->look;
}

void exporter_model_searched(struct exporter_source *source, uint64_t now_ns)
{
	source->since_ns = source->searched_ns;
	source->searched_ns = now_ns;
}

void exporter_model_record(struct exporter_model *model,
			   struct exporter_source *source,
			   const struct urt_record *record)
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
	struct exporter_process *item;

	switch (record->type) {
	case URT_EXIT:
		memcpy(process.comm, record->comm, sizeof(process.comm));
		item = find(model, source, &process,
			    record->start_ns + record->runtime_ns <
			    source->since_ns);
		if (!item->look)
			item->look = model->look;
		take(model, item, &process);
		break;
	case URT_LOST:
		model->lost_count += record->count;
		model->lost_utime_ns += record->utime_ns;
		model->lost_stime_ns += record->stime_ns;
		break;
	case URT_MISSED:
		source->lost += record->count;
		break;
	}
}

static void count_living(struct exporter_model *model)
{
	struct exporter_group *group;
	size_t i;

	for (i = 0; i <= model->groups_count; i++) {
		group = i < model->groups_count ? model->groups[i] :
						  model->other;
		if (!group)
			continue;
		group->living = 0;
		group->threads = 0;
		group->oldest_ns = UINT64_MAX;
	}
	for (i = 0; i < model->count; i++) {
		const struct exporter_process *item = model->items[i];

		if (!exporter_lives(model, item))
			continue;
		group = item->group;
		group->living++;
		group->threads += item->now.threads;
		if (item->now.start_ns < group->oldest_ns)
			group->oldest_ns = item->now.start_ns;
	}
}

static void forget(struct exporter_model *model)
{
	size_t i, kept = 0;

	for (i = 0; i < model->count; i++) {
		struct exporter_process *item = model->items[i];

		if (item->look + LOOKS_KEPT > model->look) {
			model->items[kept++] = item;
			continue;
		}
		model->vanished += !item->final;
		tdelete(item, &model->index, compare_process);
		free(item);
	}
	model->count = kept;
}

void exporter_model_end(struct exporter_model *model)
{
	forget(model);
	count_living(model);
}
