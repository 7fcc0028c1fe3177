// SPDX-License-Identifier: MIT
#include "top/model.h"

#include <stdlib.h>
#include <string.h>

#define FINISH_MIN_NS	100000000
/* Longer than any fork, because a refresh during one does not see the child. */
#define FORK_NS		100000000

/* --- sums --- */

static void add(struct top_cpu *to, const struct top_cpu *cpu)
{
	to->user_ns += cpu->user_ns;
	to->system_ns += cpu->system_ns;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The growth from one sum to the other. */
static struct top_cpu between(const struct top_cpu *from,
			      const struct top_cpu *to)
{
	return (struct top_cpu) {
		.user_ns = minus(to->user_ns, from->user_ns),
		.system_ns = minus(to->system_ns, from->system_ns),
	};
}

static uint64_t sum(const struct top_cpu *cpu)
{
	return cpu->user_ns + cpu->system_ns;
}

static double percent(uint64_t part_ns, uint64_t whole_ns)
{
	return 100.0 * (double)part_ns / (double)whole_ns;
}

static void remember(struct top_history *history, double share)
{
	/* None is negative. NOLINTBEGIN(bugprone-incorrect-roundings) */
	history->share[history->count++ % TOP_HISTORY] =
		share < 65535 ? (unsigned short)(share + 0.5) : 65535;
	/* NOLINTEND(bugprone-incorrect-roundings) */
}

/* --- rows --- */

void top_model_init(struct top_model *model, bool records, uint64_t now_ns)
{
	memset(model, 0, sizeof(*model));
	model->records = records;
	model->time_ns = now_ns;
}

void top_model_free(struct top_model *model)
{
	while (model->count)
		free(model->rows[--model->count]);
	free(model->rows);
	free(model->shown);
}

static struct top_row *find(struct top_model *model, pid_t pid,
			    uint64_t start_ns)
{
	struct top_row *row = *top_model_bucket(model, pid);

	while (row && (row->pid != pid || row->start_ns != start_ns))
		row = row->chain;
	return row;
}

/* Makes room for one more row, in both arrays. */
static int reserve(struct top_model *model)
{
	size_t size = model->size ? 2 * model->size : 64;
	struct top_row **rows, **shown;

	if (model->count < model->size)
		return 0;
	rows = reallocarray(model->rows, size, sizeof(*rows));
	if (!rows)
		return -1;
	model->rows = rows;
	shown = reallocarray(model->shown, size, sizeof(*shown));
	if (!shown)
		return -1;
	model->shown = shown;
	model->size = size;
	return 0;
}

static struct top_row *row_new(struct top_model *model, pid_t pid,
			       uint64_t start_ns)
{
	struct top_row **head = top_model_bucket(model, pid), *row;

	if (reserve(model))
		return NULL;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->pid = pid;
	row->start_ns = start_ns;
	row->chain = *head;
	*head = row;
	row->position = model->count;
	model->rows[model->count++] = row;
	return row;
}

static void row_free(struct top_model *model, struct top_row *row)
{
	struct top_row **at = top_model_bucket(model, row->pid), *last;

	while (*at != row)
		at = &(*at)->chain;
	*at = row->chain;
	last = model->rows[--model->count];
	model->rows[row->position] = last;
	last->position = row->position;
	if (row->exited) {
		last = model->exited[--model->exited_count];
		model->exited[row->exited_position] = last;
		last->exited_position = row->exited_position;
	}
	free(row);
}

/*
 * Computes the CPU time of a process since the last generation, now that it is
 * at cpu. If the last generation lacked the process but the process is older,
 * this is unknown.
 * Return: whether it is known.
 */
static bool use(const struct top_model *model, const struct top_row *row,
		uint64_t start_ns, const struct top_cpu *cpu,
		struct top_cpu *used)
{
	static const struct top_cpu nothing = { 0 };
	bool new = start_ns + FORK_NS >= model->time_ns;

	if (row && row->based)
		*used = between(&row->base, cpu);
	else
		*used = new ? *cpu : nothing;
	return (row && row->based) || new;
}

/* --- exits --- */

/* The row to drop first: the oldest, and of these the one that used least. */
static struct top_row *least(const struct top_model *model)
{
	struct top_row *row, *best = model->exited[0];
	size_t i;

	for (i = 1; i < model->exited_count; i++) {
		row = model->exited[i];
		if (row->age != best->age ? row->age > best->age :
		    sum(&row->used) < sum(&best->used))
			best = row;
	}
	return best;
}

/*
 * Makes room for an exited process that used so much.
 * Return: false if this process is the one to drop.
 */
static bool make_room(struct top_model *model, const struct top_cpu *used)
{
	struct top_row *row;

	if (model->exited_count < TOP_EXITED_MAX)
		return true;
	row = least(model);
	if (!row->age && sum(&row->used) >= sum(used))
		return false;
	row_free(model, row);
	return true;
}

static void mark_exited(struct top_model *model, struct top_row *row)
{
	row->exited = true;
	row->state = 'X';
	row->threads = 0;
	row->age = 0;
	row->exited_position = model->exited_count;
	model->exited[model->exited_count++] = row;
}

static int record_exit(struct top_model *model, const struct urt_record *record)
{
	struct top_row *row = find(model, record->pid, record->start_ns);
	struct top_cpu cpu = { record->utime_ns, record->stime_ns }, used;
	bool known = use(model, row, record->start_ns, &cpu, &used);
	uint64_t end_ns = record->start_ns + record->runtime_ns;

	model->totals.exited++;
	add(&model->gone, &cpu);
	add(&model->pending, &used);
	if (end_ns > model->pending_end_ns)
		model->pending_end_ns = end_ns;
	if (!make_room(model, &used)) {
		if (row)
			row_free(model, row);
		return 0;
	}
	if (!row) {
		row = row_new(model, record->pid, record->start_ns);
		if (!row)
			return -1;
		row->ppid = record->ppid;
	}
	row->uid = record->uid;
	row->status = record->status;
	row->end_ns = end_ns;
	row->cpu = cpu;
	row->used = used;
	row->measured = known;
	memcpy(row->comm, record->comm, sizeof(row->comm));
	mark_exited(model, row);
	return 0;
}

int top_model_record(struct top_model *model, const struct urt_record *record)
{
	struct top_cpu cpu = { record->utime_ns, record->stime_ns };

	switch (record->type) {
	case URT_EXIT:
		return record_exit(model, record);
	case URT_LOST:
		model->totals.exited += record->count;
		model->totals.lost += record->count;
		add(&model->gone, &cpu);
		add(&model->dropped, &cpu);
		return 0;
	case URT_MISSED:
		model->totals.missed += record->count;
		return 0;
	}
	return 0;
}

/* --- generations --- */

/* Detects exits in the system registry, which has no records. */
static void exit_by_state(struct top_model *model, struct top_row *row)
{
	model->totals.exited++;
	add(&model->gone, &row->cpu);
	if (make_room(model, &row->used)) {
		row->status = -1;
		mark_exited(model, row);
	} else {
		add(&model->pending, &row->used);
		row_free(model, row);
	}
}

/* Takes one process of a snapshot. */
static int update_one(struct top_model *model,
		      const struct urt_process *process)
{
	struct top_row *row = find(model, process->pid, process->start_ns);
	struct top_cpu cpu = { process->utime_ns, process->stime_ns };

	/* The record of the process came before the snapshot. */
	if (row && row->exited)
		return 0;
	if (!row) {
		/* The process is about to exit, and its record is lost. */
		if (process->state == 'X' && model->records)
			return 0;
		row = row_new(model, process->pid, process->start_ns);
		if (!row)
			return -1;
	}
	row->ppid = process->ppid;
	row->uid = process->uid;
	row->state = process->state;
	row->threads = process->threads;
	row->cpu = cpu;
	row->seen = model->updates;
	memcpy(row->comm, process->comm, sizeof(row->comm));
	row->measured = use(model, row, row->start_ns, &cpu, &row->used);
	if (process->state == 'X' && !model->records)
		exit_by_state(model, row);
	return 0;
}

/*
 * A process that is gone from the snapshot and left no record is among the
 * lost. The CPU time that it used before does not belong to this interval.
 */
static void drop_vanished(struct top_model *model)
{
	struct top_row *row;
	size_t i;

	for (i = model->count; i-- > 0; ) {
		row = model->rows[i];
		if (row->exited || row->seen == model->updates)
			continue;
		model->dropped = between(&row->base, &model->dropped);
		row_free(model, row);
	}
}

static void fade(struct top_model *model)
{
	size_t i;

	for (i = model->exited_count; i-- > 0; ) {
		if (++model->exited[i]->age > TOP_FADE)
			row_free(model, model->exited[i]);
	}
}

/*
 * How long the interval was for processes that exited by its end or later.
 * Records are read later than the snapshot is taken.
 */
static uint64_t lasted(const struct top_model *model, uint64_t interval_ns,
		       uint64_t end_ns)
{
	return end_ns > model->time_ns + interval_ns ? end_ns - model->time_ns :
						       interval_ns;
}

/*
 * Computes the shares of a row in an interval. An exited process gets them
 * once.
 */
static void measure(const struct top_model *model, struct top_row *row,
		    uint64_t interval_ns)
{
	if (row->exited)
		interval_ns = lasted(model, interval_ns, row->end_ns);
	if (row->exited && row->age)
		return;
	if (row->measured) {
		row->user = percent(row->used.user_ns, interval_ns);
		row->system = percent(row->used.system_ns, interval_ns);
		remember(&row->history, row->user + row->system);
	}
	row->base = row->cpu;
	row->based = true;
}

static void measure_all(struct top_model *model, uint64_t interval_ns)
{
	struct top_totals *totals = &model->totals;
	struct top_cpu used = model->pending;
	size_t i;

	add(&used, &model->dropped);
	for (i = 0; i < model->count; i++) {
		struct top_row *row = model->rows[i];

		/* Records have added their values to pending. */
		if (row->measured && !(row->exited &&
				       (row->age || model->records)))
			add(&used, &row->used);
		measure(model, row, interval_ns);
	}
	interval_ns = lasted(model, interval_ns, model->pending_end_ns);
	model->pending_end_ns = 0;
	memset(&model->pending, 0, sizeof(model->pending));
	memset(&model->dropped, 0, sizeof(model->dropped));
	totals->user = percent(used.user_ns, interval_ns);
	totals->system = percent(used.system_ns, interval_ns);
	totals->measured = true;
	remember(&totals->history, totals->user + totals->system);
}

static void count(struct top_model *model)
{
	struct top_totals *totals = &model->totals;
	size_t i;

	totals->processes = 0;
	totals->running = 0;
	totals->cpu = model->gone;
	for (i = 0; i < model->count; i++) {
		if (model->rows[i]->exited)
			continue;
		totals->processes++;
		totals->running += model->rows[i]->state == 'R';
		add(&totals->cpu, &model->rows[i]->cpu);
	}
}

/*
 * Before the first refresh, a snapshot has the values of the registration, or
 * 0. If they are not 0, they count as the values of the beginning.
 */
static void base_first(struct top_model *model)
{
	size_t i;

	for (i = 0; i < model->count; i++) {
		struct top_row *row = model->rows[i];

		if (!row->exited && !row->based && sum(&row->cpu)) {
			row->base = row->cpu;
			row->based = true;
		}
	}
}

int top_model_update(struct top_model *model,
		     const struct urt_snapshot *snapshot)
{
	bool refreshed = snapshot->generation != model->generation &&
			 snapshot->time_ns > model->time_ns;
	size_t i;

	model->updates++;
	for (i = 0; i < snapshot->count; i++) {
		if (update_one(model, &snapshot->processes[i]))
			return -1;
	}
	drop_vanished(model);
	model->totals.unlisted = minus(snapshot->registered, snapshot->count);
	if (!model->records)
		model->totals.missed = snapshot->lost;
	if (refreshed) {
		measure_all(model, snapshot->time_ns - model->time_ns);
		fade(model);
		model->generation = snapshot->generation;
		model->time_ns = snapshot->time_ns;
	} else if (!model->totals.measured) {
		base_first(model);
	}
	count(model);
	return 0;
}

int top_model_finish(struct top_model *model, uint64_t now_ns)
{
	struct urt_snapshot nothing = {
		.generation = model->generation + 1,
		.time_ns = now_ns,
	};

	/*
	 * The values may be a tick old, so that shares of a shorter time would
	 * be wrong.
	 */
	if (now_ns < model->time_ns + FINISH_MIN_NS)
		nothing.time_ns = model->time_ns + FINISH_MIN_NS;
	return top_model_update(model, &nothing);
}
