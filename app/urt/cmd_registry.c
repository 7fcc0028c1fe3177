// SPDX-License-Identifier: MIT
/* urt add, remove, list: the system registry, which all users share. */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include <liburt.h>

#include "format.h"
#include "output.h"
#include "select.h"
#include "table.h"

#define EXIT_DOC							\
	"Exit status: 0 done, 1 at least one was not (and which is said), "	\
	"2 wrong usage."

/* --- add --- */

struct add {
	struct selection selection;
	int flags;
};

static const struct argp_option add_options[] = {
	{ "tree", 't', NULL, 0,
	  "With all descendants, and whatever they start from now on", 0 },
	{ "command", 'C', "NAME", 0, "All processes of that name", 0 },
	{ 0 }
};

static const char add_doc[] =
	"Register processes in the list that all users share (/proc/urt/status).\n"
	"They stay until they end or are removed."
	"\v"
	"Examples:\n"
	"  urt add $$\n"
	"  urt add --tree 1234\n"
	"  urt add -C nginx && urt list\n"
	"\n"
	EXIT_DOC;

static error_t add_parse(int key, char *arg, struct argp_state *state)
{
	struct add *add = state->input;
	size_t i;

	switch (key) {
	case 't':
		add->flags = URT_TREE;
		return 0;
	case 'C':
		select_name(&add->selection, arg, 0);
		return 0;
	case ARGP_KEY_ARG:
		select_argument(&add->selection, arg, 0, state);
		return 0;
	case ARGP_KEY_END:
		if (!add->selection.count)
			argp_error(state, "which processes?");
		for (i = 0; i < add->selection.count; i++)
			add->selection.items[i].flags = add->flags;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_add(int argc, char **argv)
{
	static const struct argp argp = {
		.options = add_options,
		.parser = add_parse,
		.args_doc = "PID...",
		.doc = add_doc,
		.children = cmd_help,
	};
	struct add add = { 0 };
	struct urt *u;
	bool ok;

	if (argp_parse(&argp, argc, argv, 0, NULL, &add))
		return STATUS_USAGE;
	u = select_open(urt_open_system);
	if (!u)
		return STATUS_FAILED;
	ok = select_register(&add.selection, u, NULL);
	urt_close(u);
	free(add.selection.items);
	return ok ? STATUS_OK : STATUS_FAILED;
}

/* --- remove --- */

struct remove {
	struct selection selection;
	bool all;
};

static const struct argp_option remove_options[] = {
	{ "all", 'a', NULL, 0, "All that you may remove", 0 },
	{ 0 }
};

static const char remove_doc[] =
	"Unregister processes from the list that all users share. What a tree "
	"brought in stays until it is removed, too."
	"\v"
	"Examples:\n"
	"  urt remove $$\n"
	"  urt remove --all\n"
	"\n"
	EXIT_DOC;

static error_t remove_parse(int key, char *arg, struct argp_state *state)
{
	struct remove *remove = state->input;

	switch (key) {
	case 'a':
		remove->all = true;
		return 0;
	case ARGP_KEY_ARG:
		select_argument(&remove->selection, arg, 0, state);
		return 0;
	case ARGP_KEY_END:
		if (!remove->selection.count && !remove->all)
			argp_error(state, "which processes?");
		if (remove->selection.count && remove->all)
			argp_error(state, "either --all or numbers of processes");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool remove_one(struct urt *u, pid_t pid)
{
	if (!urt_remove(u, pid))
		return true;
	if (errno == ENOENT)
		error(0, 0, "process %d is not registered", pid);
	else if (errno == EPERM)
		error(0, 0, "process %d: neither it nor its registration is yours",
		      pid);
	else
		error(0, 0, "process %d: %s", pid, urt_strerror(errno));
	return false;
}

/* If the user may not remove one process, the others are still removed. */
static bool remove_all(struct urt *u)
{
	struct urt_snapshot snapshot = { 0 };
	bool ok = true;
	size_t i;

	if (urt_snapshot(u, &snapshot)) {
		error(0, 0, "cannot read the list: %s", urt_strerror(errno));
		return false;
	}
	for (i = 0; i < snapshot.count; i++) {
		if (!urt_remove(u, snapshot.processes[i].pid) ||
		    errno == ENOENT || errno == EPERM)
			continue;
		error(0, 0, "process %d: %s", snapshot.processes[i].pid,
		      urt_strerror(errno));
		ok = false;
	}
	urt_snapshot_free(&snapshot);
	return ok;
}

int cmd_remove(int argc, char **argv)
{
	static const struct argp argp = {
		.options = remove_options,
		.parser = remove_parse,
		.args_doc = "PID...\n--all",
		.doc = remove_doc,
		.children = cmd_help,
	};
	struct remove remove = { 0 };
	struct urt *u;
	bool ok = true;
	size_t i;

	if (argp_parse(&argp, argc, argv, 0, NULL, &remove))
		return STATUS_USAGE;
	u = select_open(urt_open_system);
	if (!u)
		return STATUS_FAILED;
	if (remove.all)
		ok = remove_all(u);
	for (i = 0; i < remove.selection.count; i++)
		ok &= remove_one(u, remove.selection.items[i].pid);
	urt_close(u);
	free(remove.selection.items);
	return ok ? STATUS_OK : STATUS_FAILED;
}

/* --- list --- */

static const struct argp_option list_options[] = {
	{ "json", OPTION_JSON, NULL, 0, "As JSON; times in nanoseconds", 0 },
	{ "csv", OPTION_CSV, NULL, 0, "As CSV; times in nanoseconds", 0 },
	{ 0 }
};

static const char list_doc[] =
	"Print the processes that are registered in the list that all users "
	"share: CPU time of all their threads, of one moment. State X: it has "
	"exited, and these are its final values."
	"\v"
	"Examples:\n"
	"  urt list\n"
	"  urt list --csv | sort -t, -k6nr\n"
	"\n"
	"Exit status: 0 done (also if the list is empty), 1 it cannot be read, "
	"2 wrong usage.";

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct output *output = state->input;

	switch (key) {
	case OPTION_JSON:
		output_choose(output, FORMAT_JSON, state);
		return 0;
	case OPTION_CSV:
		output_choose(output, FORMAT_CSV, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not an option; there are no others",
			   arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

enum {
	LIST_PID, LIST_PPID, LIST_UID, LIST_STATE, LIST_THREADS, LIST_USER,
	LIST_SYS, LIST_START, LIST_NAME, LIST_COLUMNS
};

static const struct column list_columns[LIST_COLUMNS] = {
	[LIST_PID] = { "pid", "PID", COLUMN_COUNT, 0 },
	[LIST_PPID] = { "ppid", "PPID", COLUMN_COUNT, 0 },
	[LIST_UID] = { "uid", "UID", COLUMN_COUNT, 0 },
	[LIST_STATE] = { "state", "S", COLUMN_TEXT, 0 },
	[LIST_THREADS] = { "threads", "thr", COLUMN_COUNT, 0 },
	[LIST_USER] = { "user_ns", "user s", COLUMN_SECONDS, 0 },
	[LIST_SYS] = { "sys_ns", "sys s", COLUMN_SECONDS, 0 },
	[LIST_START] = { "start_ns", NULL, COLUMN_SECONDS, 0 },
	[LIST_NAME] = { "name", "name", COLUMN_TEXT, 0 },
};

static struct table *list_table(const struct urt_snapshot *snapshot)
{
	struct table *table = table_new(list_columns, LIST_COLUMNS);
	char name[NAME_SIZE];
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct urt_process *p = &snapshot->processes[i];

		table_row(table, (struct cell[LIST_COLUMNS]){
			[LIST_PID] = cell_number((uint64_t)p->pid),
			[LIST_PPID] = cell_number((uint64_t)p->ppid),
			[LIST_UID] = cell_number(p->uid),
			[LIST_STATE] = cell_text((char[]){ p->state, '\0' }),
			[LIST_THREADS] = cell_number(p->threads),
			[LIST_USER] = cell_number(p->utime_ns),
			[LIST_SYS] = cell_number(p->stime_ns),
			[LIST_START] = cell_number(p->start_ns),
			[LIST_NAME] = cell_text(format_name(name, p->comm)),
		});
	}
	return table;
}

static void list_json(const struct urt_snapshot *snapshot,
		      const struct table *table, struct output *output)
{
	json_t *json = json_object();

	json_object_set_new(json, "generation",
			    json_integer((json_int_t)snapshot->generation));
	json_object_set_new(json, "time_ns",
			    json_integer((json_int_t)snapshot->time_ns));
	json_object_set_new(json, "interval_ms",
			    json_integer(snapshot->interval_ms));
	json_object_set_new(json, "missed",
			    json_integer((json_int_t)snapshot->lost));
	json_object_set_new(json, "processes", table_json(table));
	output_json(output, json, JSON_INDENT(2));
}

static void list_text(const struct urt_snapshot *snapshot,
		      const struct table *table)
{
	if (snapshot->count)
		table_print(table, stdout, format_colours(stdout));
	else
		error(0, 0, "nothing is registered; 'urt add PID' does");
	if (snapshot->lost)
		error(0, 0, "%" PRIu64 " children of trees could not be registered: quota, or no memory",
		      snapshot->lost);
}

static bool list(struct urt *u, struct output *output)
{
	struct urt_snapshot snapshot = { 0 };
	struct table *table;

	if (urt_snapshot(u, &snapshot)) {
		error(0, 0, "cannot read the list: %s", urt_strerror(errno));
		return false;
	}
	table = list_table(&snapshot);
	if (output->format == FORMAT_JSON)
		list_json(&snapshot, table, output);
	else if (output->format == FORMAT_CSV)
		table_csv(table, output->file);
	else
		list_text(&snapshot, table);
	table_free(table);
	urt_snapshot_free(&snapshot);
	return output_close(output);
}

int cmd_list(int argc, char **argv)
{
	static const struct argp argp = {
		.options = list_options,
		.parser = list_parse,
		.doc = list_doc,
		.children = cmd_help,
	};
	struct output output = { .file = stdout };
	struct urt *u;
	bool ok;

	if (argp_parse(&argp, argc, argv, 0, NULL, &output))
		return STATUS_USAGE;
	u = select_open(urt_open_system);
	if (!u)
		return STATUS_FAILED;
	ok = list(u, &output);
	urt_close(u);
	return ok ? STATUS_OK : STATUS_FAILED;
}
