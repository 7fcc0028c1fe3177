// SPDX-License-Identifier: MIT
/* urt runtime: how long ago processes were started. */
#include <errno.h>
#include <error.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <liburt.h>

#include "command.h"
#include "format.h"
#include "output.h"
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
	"boot.\n"
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
	pid_t pid;

	switch (key) {
	case OPTION_JSON:
		runtime->output.format = FORMAT_JSON;
		return 0;
	case OPTION_CSV:
		runtime->output.format = FORMAT_CSV;
		return 0;
	case ARGP_KEY_ARG:
		if (!urt_parse_pid(arg, &pid))
			argp_error(state, "'%s' is not a process's number", arg);
		urt_select_pid(&runtime->selection, pid, 0);
		return 0;
	case ARGP_KEY_END:
		if (!runtime->selection.count)
			argp_error(state, "of which processes?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct column columns[] = {
	{ "pid", "PID", COLUMN_COUNT, 7 },
	{ "start_ns", NULL, COLUMN_SECONDS, 0 },
	{ "runtime_ns", "real s", COLUMN_SECONDS, 10 },
	{ "name", "name", COLUMN_TEXT, 0 },
};

/* The clock of start_ns: since boot, as this time namespace has it. */
static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void add_row(struct table *table, const struct urt_process *process)
{
	char name[NAME_SIZE];

	urt_table_number(table, (uint64_t)process->pid);
	urt_table_number(table, process->start_ns);
	urt_table_number(table, now_ns() - process->start_ns);
	urt_table_text(table, urt_format_name(name, process->comm));
}

/*
 * Each in a session of its own, where nothing else can be its row: a thread's
 * number is not its process's.
 * Return: whether there is a row; or a message.
 */
static bool look_up(const struct selected *item, struct urt *u,
		    struct table *table)
{
	const struct selection one = { (struct selected *)item, 1 };
	struct urt_snapshot snapshot = { 0 };
	bool ok = false;

	if (!urt_select_register(&one, u, NULL))
		return false;
	if (urt_map(u, 1) || urt_snapshot(u, &snapshot))
		error(0, 0, "process %d: %s", item->pid, urt_strerror(errno));
	else if (!snapshot.count)
		error(0, 0, "process %d has just ended", item->pid);
	else
		ok = true;
	if (ok)
		add_row(table, &snapshot.processes[0]);
	urt_snapshot_free(&snapshot);
	return ok;
}

static void print(const struct table *table, struct output *output)
{
	json_t *json;

	if (output->format == FORMAT_JSON) {
		json = json_object();
		json_object_set_new(json, "processes", urt_table_json(table));
		urt_output_json(output, json, JSON_INDENT(2));
	} else if (output->format == FORMAT_CSV) {
		urt_table_csv(table, output->file);
	} else {
		urt_table_print(table, output->file,
				urt_format_colours(output->file));
	}
}

/* Return: whether it is known of all of them; or messages. */
static bool run(struct runtime *runtime)
{
	struct table *table = urt_table_new(columns,
					    sizeof(columns) / sizeof(*columns));
	bool ok = true, any = false, found;
	struct urt *u;
	size_t i;

	for (i = 0; i < runtime->selection.count; i++) {
		u = urt_select_open(urt_open);
		if (!u) {
			ok = false;
			break;
		}
		found = look_up(&runtime->selection.items[i], u, table);
		urt_close(u);
		any |= found;
		ok &= found;
	}
	if (any)
		print(table, &runtime->output);
	urt_table_free(table);
	return urt_output_close(&runtime->output) && ok;
}

int urt_cmd_runtime(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "PID...",
		.doc = doc,
	};
	struct runtime runtime = { .output.file = stdout };
	bool ok;

	if (argp_parse(&argp, argc, argv, 0, NULL, &runtime))
		return STATUS_USAGE;
	ok = run(&runtime);
	free(runtime.selection.items);
	return ok ? STATUS_OK : STATUS_FAILED;
}
