// SPDX-License-Identifier: MIT
/* urt runtime: how long ago processes were started. */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <liburt.h>

#include "clock.h"
#include "format.h"
#include "output.h"
#include "proc.h"
#include "select.h"
#include "table.h"

struct runtime {
	struct selection selection;
	struct output output;
};

static const struct argp_option options[] = {
	{ "json", OPTION_JSON, NULL, 0, "As JSON; times in nanoseconds", 0 },
	{ "csv", OPTION_CSV, NULL, 0, "As CSV; times in nanoseconds", 0 },
	{ 0 }
};

static const char doc[] =
	"Print for how long processes have been running: wall time since they were "
	"started, the time that the machine was suspended included. A thread's "
	"number means its process. Nothing stays registered."
	"\v"
	"In JSON and CSV, start_ns is when it was started, in nanoseconds since "
	"boot. Where a quota of the module is used up, /proc answers, rounded down "
	"to a tick (10 ms): within_ns says so, which is 0 otherwise.\n"
	"\n"
	"Examples:\n"
	"  urt runtime $$\n"
	"  urt runtime --csv $(pgrep nginx)\n"
	"\n"
	"Exit status: 0 done, 1 of at least one process it is not known (and which "
	"is said; the others are printed), 2 wrong usage.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct runtime *runtime = state->input;

	switch (key) {
	case OPTION_JSON:
		output_choose(&runtime->output, FORMAT_JSON, state);
		return 0;
	case OPTION_CSV:
		output_choose(&runtime->output, FORMAT_CSV, state);
		return 0;
	case ARGP_KEY_ARG:
		select_argument(&runtime->selection, arg, 0, state);
		return 0;
	case ARGP_KEY_END:
		if (!runtime->selection.count)
			argp_error(state, "of which processes?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

enum { PID, START, RUNTIME, NAME, WITHIN, COLUMNS };

static const struct column columns[COLUMNS] = {
	[PID] = { "pid", "PID", COLUMN_COUNT, 7 },
	[START] = { "start_ns", NULL, COLUMN_SECONDS, 0 },
	[RUNTIME] = { "runtime_ns", "real s", COLUMN_SECONDS, 10 },
	[NAME] = { "name", "name", COLUMN_TEXT, 0 },
	[WITHIN] = { "within_ns", NULL, COLUMN_SECONDS, 0 },
};

/* The start of a process. */
struct started {
	pid_t pid;
	uint64_t start_ns;
	uint64_t within_ns;	/* how much later it may be, at most */
	const char *comm;
};

static void add_row(struct table *table, const struct started *process)
{
	uint64_t runtime_ns = clock_ns(CLOCK_BOOTTIME) - process->start_ns;
	char name[NAME_SIZE];

	table_row(table, (struct cell[COLUMNS]){
		[PID] = cell_number((uint64_t)process->pid),
		[START] = cell_number(process->start_ns),
		[RUNTIME] = cell_number(runtime_ns),
		[NAME] = cell_text(format_name(name, process->comm)),
		[WITHIN] = cell_number(process->within_ns),
	});
}

/*
 * Asks the module. Each process gets a session of its own, in which no other
 * process can have its row, because the PID may be the number of a thread.
 * Return: 0 if there is a row; or an errno.
 */
static int ask_module(pid_t pid, struct table *table)
{
	struct urt_snapshot snapshot = { 0 };
	struct urt *u = urt_open();
	int err = 0;

	if (!u || urt_add(u, pid, 0) || urt_map(u, 1) ||
	    urt_snapshot(u, &snapshot))
		err = errno;
	else if (!snapshot.count)
		err = ESRCH;
	else
		add_row(table, &(struct started){
			.pid = snapshot.processes[0].pid,
			.start_ns = snapshot.processes[0].start_ns,
			.comm = snapshot.processes[0].comm,
		});
	urt_snapshot_free(&snapshot);
	urt_close(u);
	return err;
}

/* Asks the kernel, which rounds down. Return: as above. */
static int ask_proc(pid_t pid, struct table *table)
{
	uint64_t tick_ns = proc_tick_ns();
	struct proc proc;

	if (!proc_read(pid, &proc))
		return ESRCH;
	add_row(table, &(struct started){
		.pid = proc.pid,
		.start_ns = proc.start_ticks * tick_ns,
		.within_ns = tick_ns,
		.comm = proc.comm,
	});
	return 0;
}

/*
 * The look registers no process for long. If there is no room, use /proc
 * instead.
 */
static int look_up(pid_t pid, struct table *table, size_t *rough)
{
	int err = ask_module(pid, table);

	if (err != EDQUOT && err != ENOSPC)
		return err;
	err = ask_proc(pid, table);
	*rough += !err;
	return err;
}

static void print(const struct table *table, struct output *output)
{
	json_t *json;

	if (output->format == FORMAT_JSON) {
		json = json_object();
		json_object_set_new(json, "processes", table_json(table));
		output_json(output, json, JSON_INDENT(2));
	} else if (output->format == FORMAT_CSV) {
		table_csv(table, output->file);
	} else {
		table_print(table, output->file,
			    format_colours(output->file));
	}
}

/* Return: whether there are rows of all; if not, messages are printed. */
static bool look_up_all(const struct selection *selection, struct table *table)
{
	size_t rough = 0, i;
	bool ok = true;
	int err = 0;

	for (i = 0; i < selection->count && err != ENOENT; i++) {
		err = look_up(selection->items[i].pid, table, &rough);
		if (err == ENOENT)
			error(0, 0, "%s", select_absent());
		else if (err)
			error(0, 0, "process %d: %s", selection->items[i].pid,
			      urt_strerror(err));
		ok &= !err;
	}
	if (rough)
		error(0, 0, "%zu of %zu are from /proc, up to %g ms too long: a quota of the module is used up",
		      rough, selection->count,
		      (double)proc_tick_ns() / NSEC_PER_MSEC);
	return ok;
}

/* Return: whether the times of all are known; if not, messages are printed. */
static bool run(struct runtime *runtime)
{
	struct table *table = table_new(columns, COLUMNS);
	bool ok = look_up_all(&runtime->selection, table);

	if (table_rows(table))
		print(table, &runtime->output);
	table_free(table);
	return output_close(&runtime->output) && ok;
}

int cmd_runtime(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "PID...",
		.doc = doc,
		.children = cmd_help,
	};
	struct runtime runtime = { .output.file = stdout };
	bool ok;

	if (argp_parse(&argp, argc, argv, 0, NULL, &runtime))
		return STATUS_USAGE;
	ok = run(&runtime);
	free(runtime.selection.items);
	return ok ? STATUS_OK : STATUS_FAILED;
}
