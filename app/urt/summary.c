// SPDX-License-Identifier: MIT
#include "summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "format.h"
#include "memory.h"
#include "table.h"

/*
 * The kind of a row. In CSV, total, lost and missed are rows, and the kind
 * tells them from processes of that name.
 */
#define KIND { "kind", NULL, COLUMN_TEXT, 0 }

/* The number of processes is unknown. */
#define UNKNOWN UINT64_MAX

static struct cell count_cell(uint64_t count)
{
	return count == UNKNOWN ? cell_none() : cell_number(count);
}

static struct cell longest_cell(const struct sum *sum)
{
	return sum->longest_ns ? cell_number(sum->longest_ns) : cell_none();
}

/* --- a row for each name --- */

enum {
	NAMES_KIND, NAMES_COUNT, NAMES_RUNNING, NAMES_USER, NAMES_SYS,
	NAMES_LONGEST, NAMES_SHARE, NAMES_NAME, NAMES_UNREAPED, NAMES_COLUMNS
};

static const struct column name_columns[NAMES_COLUMNS] = {
	[NAMES_KIND] = KIND,
	[NAMES_COUNT] = { "count", "count", COLUMN_COUNT, 0 },
	[NAMES_RUNNING] = { "running", NULL, COLUMN_COUNT, 0 },
	[NAMES_USER] = { "user_ns", "user s", COLUMN_SECONDS, 0 },
	[NAMES_SYS] = { "sys_ns", "sys s", COLUMN_SECONDS, 0 },
	[NAMES_LONGEST] = { "longest_ns", "longest s", COLUMN_SECONDS, 0 },
	[NAMES_SHARE] = { "share_percent", "share %", COLUMN_PERCENT, 0 },
	[NAMES_NAME] = { "name", "name", COLUMN_TEXT, 0 },
	[NAMES_UNREAPED] = { "unreaped", NULL, COLUMN_COUNT, 0 },
};

static void name_row(struct table *table, const char *kind,
		     const struct sum *sum, const struct tally *tally,
		     const char *name)
{
	uint64_t share = table_share(sum_cpu(sum), sum_cpu(&tally->total));

	table_row(table, (struct cell[NAMES_COLUMNS]){
		[NAMES_KIND] = cell_text(kind),
		[NAMES_COUNT] = count_cell(sum->count),
		[NAMES_RUNNING] = count_cell(sum->running),
		[NAMES_USER] = cell_number(sum->utime_ns),
		[NAMES_SYS] = cell_number(sum->stime_ns),
		[NAMES_LONGEST] = longest_cell(sum),
		[NAMES_SHARE] = cell_number(share),
		[NAMES_NAME] = name ? cell_text(name) : cell_none(),
		[NAMES_UNREAPED] = cell_number(sum->unreaped),
	});
}

static void name_rows(struct table *table, const struct summary *summary,
		      const struct tally *tally)
{
	struct sum others = { 0 };
	char name[NAME_SIZE + 1];
	size_t i;

	for (i = 0; i < tally->count; i++) {
		const struct sum *sum = tally->names[i];

		if (summary->top && i >= summary->top) {
			tally_add(&others, sum);
			continue;
		}
		format_name(name, sum->comm);
		if (sum->running + sum->unreaped &&
		    summary->output.format == FORMAT_TEXT)
			memcpy(name + strlen(name), "*", sizeof("*"));
		name_row(table, "name", sum, tally, name);
	}
	if (others.count)
		name_row(table, "others", &others, tally, "(others)");
}

/* --- a row for each process --- */

enum {
	EACH_KIND, EACH_COUNT, EACH_PID, EACH_PPID, EACH_SHOWN_START, EACH_START,
	EACH_REAL, EACH_USER, EACH_SYS, EACH_EXIT, EACH_SIGNAL, EACH_RUNNING,
	EACH_STATUS, EACH_NAME, EACH_UNREAPED, EACH_COLUMNS
};

static const struct column process_columns[EACH_COLUMNS] = {
	[EACH_KIND] = KIND,
	[EACH_COUNT] = { "count", NULL, COLUMN_COUNT, 0 },
	[EACH_PID] = { "pid", "PID", COLUMN_COUNT, 0 },
	[EACH_PPID] = { "ppid", "PPID", COLUMN_COUNT, 0 },
	[EACH_SHOWN_START] = { NULL, "start s", COLUMN_SECONDS, 0 },
	[EACH_START] = { "start_ns", NULL, COLUMN_COUNT, 0 },
	[EACH_REAL] = { "real_ns", "real s", COLUMN_SECONDS, 0 },
	[EACH_USER] = { "user_ns", "user s", COLUMN_SECONDS, 0 },
	[EACH_SYS] = { "sys_ns", "sys s", COLUMN_SECONDS, 0 },
	[EACH_EXIT] = { "exit", NULL, COLUMN_COUNT, 0 },
	[EACH_SIGNAL] = { "signal", NULL, COLUMN_TEXT, 0 },
	[EACH_RUNNING] = { "running", NULL, COLUMN_COUNT, 0 },
	[EACH_STATUS] = { NULL, "status", COLUMN_WORD, 0 },
	[EACH_NAME] = { "name", "name", COLUMN_TEXT, 0 },
	[EACH_UNREAPED] = { "unreaped", NULL, COLUMN_COUNT, 0 },
};

/* The status of a process, if it has ended. */
static void status_cells(struct cell *row, const struct tally_process *process,
			 char text[STATUS_SIZE])
{
	int status = process->status;

	row[EACH_STATUS] = cell_text(process->running ? "running" :
				     process->unreaped ? "unreaped" :
				     format_status(text, status));
	if (process->running || status < 0)
		return;
	if (WIFEXITED(status))
		row[EACH_EXIT] = cell_number((uint64_t)WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		row[EACH_SIGNAL] = cell_text(format_status(text, status));
}

static void process_row(struct table *table,
			const struct tally_process *process,
			const struct summary *summary)
{
	char name[NAME_SIZE], status[STATUS_SIZE];
	uint64_t start_ns = process->start_ns;
	struct cell row[EACH_COLUMNS] = {
		[EACH_KIND] = cell_text("process"),
		[EACH_COUNT] = cell_number(1),
		[EACH_PID] = cell_number((uint64_t)process->pid),
		[EACH_PPID] = cell_number((uint64_t)process->ppid),
		[EACH_SHOWN_START] = cell_number(start_ns > summary->start_ns ?
						 start_ns - summary->start_ns : 0),
		[EACH_START] = cell_number(start_ns),
		[EACH_REAL] = cell_number(process->runtime_ns),
		[EACH_USER] = cell_number(process->utime_ns),
		[EACH_SYS] = cell_number(process->stime_ns),
		[EACH_RUNNING] = cell_number(process->running),
		[EACH_NAME] = cell_text(format_name(name, process->comm)),
		[EACH_UNREAPED] = cell_number(process->unreaped),
	};

	status_cells(row, process, status);
	table_row(table, row);
}

/* A row that is about several processes. */
static void sum_row(struct table *table, const char *kind,
		    const struct sum *sum, const char *name)
{
	table_row(table, (struct cell[EACH_COLUMNS]){
		[EACH_KIND] = cell_text(kind),
		[EACH_COUNT] = count_cell(sum->count),
		[EACH_REAL] = longest_cell(sum),
		[EACH_USER] = cell_number(sum->utime_ns),
		[EACH_SYS] = cell_number(sum->stime_ns),
		[EACH_RUNNING] = count_cell(sum->running),
		[EACH_NAME] = name ? cell_text(name) : cell_none(),
		[EACH_UNREAPED] = cell_number(sum->unreaped),
	});
}

static int by_cpu(const void *a, const void *b)
{
	const struct tally_process *x = *(struct tally_process *const *)a;
	const struct tally_process *y = *(struct tally_process *const *)b;
	uint64_t of_x = x->utime_ns + x->stime_ns;
	uint64_t of_y = y->utime_ns + y->stime_ns;

	return (of_x < of_y) - (of_x > of_y);
}

/* Chooses the top ones. Return: an array with one flag for each process. */
static bool *choose(const struct summary *summary, const struct tally *tally)
{
	bool *chosen = memory_alloc(tally->processes_count + 1);
	struct tally_process **order;
	size_t i;

	order = memory_realloc(NULL, tally->processes_count + 1,
			       sizeof(*order));
	for (i = 0; i < tally->processes_count; i++)
		order[i] = &tally->processes[i];
	qsort(order, tally->processes_count, sizeof(*order), by_cpu);
	for (i = 0; i < tally->processes_count; i++)
		chosen[order[i] - tally->processes] = !summary->top ||
						      i < summary->top;
	free(order);
	return chosen;
}

static void process_rows(struct table *table, const struct summary *summary,
			 const struct tally *tally)
{
	bool *chosen = choose(summary, tally);
	struct sum others = { 0 };
	size_t i;

	for (i = 0; i < tally->processes_count; i++) {
		const struct tally_process *process = &tally->processes[i];

		if (chosen[i])
			process_row(table, process, summary);
		else
			tally_add(&others, &(struct sum){
				.count = 1,
				.running = process->running,
				.unreaped = process->unreaped,
				.utime_ns = process->utime_ns,
				.stime_ns = process->stime_ns,
				.longest_ns = process->runtime_ns,
			});
	}
	if (others.count)
		sum_row(table, "others", &others, "(others)");
	free(chosen);
}

/* --- the report --- */

static void add_sum(struct table *table, const struct summary *summary,
		    const struct tally *tally, const char *kind,
		    const struct sum *sum, const char *name)
{
	if (summary->each)
		sum_row(table, kind, sum, name);
	else
		name_row(table, kind, sum, tally, name);
}

static struct table *make_table(const struct summary *summary,
				const struct tally *tally)
{
	struct table *table;

	if (summary->each) {
		table = table_new(process_columns, EACH_COLUMNS);
		process_rows(table, summary, tally);
	} else {
		table = table_new(name_columns, NAMES_COLUMNS);
		name_rows(table, summary, tally);
	}
	return table;
}

static void print_total(const char *name, uint64_t ns, FILE *file)
{
	char text[STATUS_SIZE];

	fprintf(file, "%-9s %12s s\n", name, format_seconds(text, ns));
}

static void print_notes(const struct summary *summary,
			const struct tally *tally, FILE *file)
{
	if (tally->total.running)
		fprintf(file, "%s%" PRIu64 " still running: what they used so far\n",
			summary->each ? "" : "* ", tally->total.running);
	if (tally->total.unreaped)
		fprintf(file, "%s%" PRIu64 " exited, but not reaped by their parents: until they were first seen so\n",
			summary->each ? "" : "* ", tally->total.unreaped);
	if (summary->unseen)
		fprintf(file, "%" PRIu64 " more still running, whose times are not included\n",
			summary->unseen);
	if (summary->blind)
		fprintf(file, "more may be running, which could not be seen: their number is not known, their times are not included\n");
}

static void print_text(const struct summary *summary, const struct tally *tally,
		       struct table *table)
{
	FILE *file = summary->output.file;
	char text[STATUS_SIZE];

	if (summary->status)
		fprintf(file, "%-9s %12s\n", "status",
			format_status(text, summary->status));
	print_total("real", summary->real_ns, file);
	if (summary->command_ns != summary->real_ns)
		print_total("command", summary->command_ns, file);
	print_total("user", tally->total.utime_ns, file);
	print_total("sys", tally->total.stime_ns, file);
	fprintf(file, "%-9s %12" PRIu64 "\n", "processes", tally->total.count);
	fprintf(file, "%-9s %12" PRIu64 "%s\n", "lost", tally->lost.count,
		tally->lost.count ? "  of them, of which only the sum is known" : "");
	if (tally->missed)
		fprintf(file, "%-9s %12" PRIu64 "  could not be registered (quota, or no memory): not included\n",
			"missed", tally->missed);
	fputc('\n', file);
	if (tally->lost.count)
		add_sum(table, summary, tally, "lost", &tally->lost, "(lost)");
	table_print(table, file, format_colours(file));
	print_notes(summary, tally, file);
}

static void print_csv(const struct summary *summary, const struct tally *tally,
		      struct table *table)
{
	struct sum missed = { .count = tally->missed };
	uint64_t number = summary->blind ? UNKNOWN : summary->unseen;
	struct sum unseen = { .count = number, .running = number };
	struct sum total = tally->total;

	total.longest_ns = summary->real_ns;
	add_sum(table, summary, tally, "lost", &tally->lost, NULL);
	add_sum(table, summary, tally, "missed", &missed, NULL);
	add_sum(table, summary, tally, "unseen", &unseen, NULL);
	add_sum(table, summary, tally, "total", &total, NULL);
	table_csv(table, summary->output.file);
}

static json_t *json_number(uint64_t number)
{
	return json_integer((json_int_t)number);
}

static json_t *json_word(const char *text)
{
	json_t *word = text ? json_string(text) : json_null();
	char name[NAME_SIZE];

	/*
	 * If the word is not UTF-8, print its beginning in the form of a name.
	 */
	return word ? word : json_string(format_name(name, text));
}

static json_t *json_words(char **words)
{
	json_t *array = json_array();

	for (; *words; words++)
		json_array_append_new(array, json_word(*words));
	return array;
}

static void print_json(struct summary *summary, const struct tally *tally,
		       const struct table *table)
{
	bool exited = WIFEXITED(summary->status);
	json_t *json = json_object();
	char text[STATUS_SIZE];

	json_object_set_new(json, "command", json_words(summary->command));
	json_object_set_new(json, "exit",
		exited ? json_integer(WEXITSTATUS(summary->status)) :
			 json_null());
	json_object_set_new(json, "signal",
		exited ? json_null() :
			 json_string(format_status(text, summary->status)));
	json_object_set_new(json, "time", json_number((uint64_t)summary->time));
	json_object_set_new(json, "cpus", json_number(summary->cpus));
	json_object_set_new(json, "host", json_word(summary->host));
	json_object_set_new(json, "directory", json_word(summary->directory));
	json_object_set_new(json, "urt", json_word(summary->version));
	json_object_set_new(json, "start_ns", json_number(summary->start_ns));
	json_object_set_new(json, "real_ns", json_number(summary->real_ns));
	json_object_set_new(json, "command_real_ns",
			    json_number(summary->command_ns));
	json_object_set_new(json, "user_ns",
			    json_number(tally->total.utime_ns));
	json_object_set_new(json, "sys_ns", json_number(tally->total.stime_ns));
	json_object_set_new(json, "processes", json_number(tally->total.count));
	json_object_set_new(json, "running", json_number(tally->total.running));
	json_object_set_new(json, "unreaped",
			    json_number(tally->total.unreaped));
	json_object_set_new(json, "unseen", summary->blind ? json_null() :
			    json_number(summary->unseen));
	json_object_set_new(json, "lost",
		json_pack("{s:I,s:I,s:I}",
			  "count", (json_int_t)tally->lost.count,
			  "user_ns", (json_int_t)tally->lost.utime_ns,
			  "sys_ns", (json_int_t)tally->lost.stime_ns));
	json_object_set_new(json, "missed", json_number(tally->missed));
	json_object_set_new(json, "rows", table_json(table));
	output_json(&summary->output, json, JSON_INDENT(2));
}

/* --- the whole report --- */

void summary_print(struct summary *summary, struct tally *tally)
{
	struct table *table;

	tally_sort(tally);
	table = make_table(summary, tally);
	if (summary->output.format == FORMAT_JSON)
		print_json(summary, tally, table);
	else if (summary->output.format == FORMAT_CSV)
		print_csv(summary, tally, table);
	else
		print_text(summary, tally, table);
	table_free(table);
}
