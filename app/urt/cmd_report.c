// SPDX-License-Identifier: MIT
/*
 * urt report draws a run that 'urt run --each --json' has saved. It turns the
 * file back into records. From there on it does the same as urt run after a
 * run.
 */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "clock.h"
#include "format.h"
#include "memory.h"
#include "picture/draw.h"
#include "summary.h"
#include "tally.h"

struct saved {
	struct summary summary;
	struct tally tally;
	const char *path;	/* NULL: standard input */
	int64_t cpu_ns;		/* of all so far, as JSON has numbers */
};

/* --- options --- */

enum { OPTION_HTML = OPTION_OTHERS, OPTION_SVG };

static const struct argp_option options[] = {
	{ "html", OPTION_HTML, "FILE", 0,
	  "Write a page to look around in: one file, for a browser", 0 },
	{ "svg", OPTION_SVG, "FILE", 0, "Write a still picture", 0 },
	{ 0 }
};

static const char doc[] =
	"Draw a run that 'urt run --each --json' has saved, from RECORDS or "
	"standard input. FILE '-' is standard output."
	"\v"
	"Examples:\n"
	"  urt run --each --json -o make.json -- make\n"
	"  urt report --html make.html make.json\n"
	"  urt report --svg - <make.json >make.svg\n"
	"\n"
	"A process is a bar from its start to its end. Children are below their "
	"parent; what does not overlap in time may share a lane. The colour says "
	"how much of a CPU it used, on average over its life.\n"
	"\n"
	"The critical chain is what the run waited for: the command; of its "
	"children the one that ended last, before that the one that ended last "
	"before this one began, and so on; the same of the children of each of "
	"these. Who outlives its parent is not on it.\n"
	"\n"
	"The module does not have to be loaded. FILE is replaced when all of it "
	"is written.\n"
	"\n"
	"Exit status: 0 done, 1 failed: RECORDS not readable or no such report, "
	"FILE not written; 2 wrong usage.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct saved *saved = state->input;

	switch (key) {
	case OPTION_HTML:
		saved->summary.html = arg;
		return 0;
	case OPTION_SVG:
		saved->summary.svg = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (saved->path)
			argp_error(state, "one file of records at a time, not '%s', too",
				   arg);
		saved->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!saved->summary.html && !saved->summary.svg)
			argp_error(state, "what to draw? --html FILE, --svg FILE, or both");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- from JSON --- */

static void __attribute__((noreturn, format(printf, 2, 3)))
refuse(const struct saved *saved, const char *format, ...)
{
	char text[256], shown[NAME_SIZE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* The quoted text may contain any character. */
	error(STATUS_FAILED, 0, "%s: %s", saved->path ? saved->path :
	      "standard input", format_name(shown, text));
	abort();
}

/*
 * max may be any number that JSON can express. A number that is absent or null
 * counts as 0, unless it is needed.
 */
static uint64_t get(const struct saved *saved, const json_t *object,
		    const char *key, uint64_t max, bool needed)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value)) {
		if (needed)
			refuse(saved, "there is no '%s' in it; make it with 'urt run --each --json'",
			       key);
		return 0;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		refuse(saved, "'%s' is not a whole number from 0 to %llu", key,
		       (unsigned long long)max);
	return (uint64_t)json_integer_value(value);
}

/* The longest time of a run is a year. Its start may be older. */
#define TIME_MAX	(366ULL * 86400 * NSEC_PER_SEC)
#define SINCE_MAX	(100ULL * TIME_MAX)

static uint64_t get_time(const struct saved *saved, const json_t *object,
			 const char *key)
{
	return get(saved, object, key, TIME_MAX, true);
}

/*
 * CPU time may exceed TIME_MAX, because there may be many CPUs. The sum of all
 * must again be a number that JSON can express.
 */
static uint64_t get_cpu(struct saved *saved, const json_t *object,
			const char *key)
{
	uint64_t cpu = get(saved, object, key, SINCE_MAX, true);

	if (__builtin_add_overflow(saved->cpu_ns, cpu, &saved->cpu_ns))
		refuse(saved, "'user_ns' and 'sys_ns' of all are too large a sum");
	return cpu;
}

static int signal_number(const char *name)
{
	char known[STATUS_SIZE];
	int i;

	for (i = 1; i <= SIGRTMAX; i++) {
		if (!strcmp(format_signal(known, i), name))
			return i;
	}
	return 0;
}

/* The status as wait(2) has it; -1 (hidden) if neither key is there. */
static int get_status(const struct saved *saved, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "signal"));
	const json_t *code = json_object_get(object, "exit");
	int number;

	if (!name)
		return json_is_integer(code) ?
		       (int)get(saved, object, "exit", 255, true) << 8 : -1;
	number = signal_number(name);
	if (!number)
		refuse(saved, "'signal' is '%s', which is none", name);
	return number;
}

static int octal(const char *c)
{
	if (c[0] != '\\' || c[1] < '0' || c[1] > '3' || c[2] < '0' ||
	    c[2] > '7' || c[3] < '0' || c[3] > '7')
		return 0;
	return (c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0');
}

/* The name as the process had it, without escapes. */
static void get_name(const struct saved *saved, const json_t *row, char *comm,
		     size_t size)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	size_t length = 0;

	if (!name)
		refuse(saved, "a process has no 'name'");
	if (!strcmp(name, "\\000"))
		name = "";
	while (*name && length + 1 < size) {
		int c = octal(name);

		comm[length++] = c ? (char)c : *name;
		name += c ? 4 : 1;
	}
	comm[length] = '\0';
}

static void take_process(struct saved *saved, const json_t *row)
{
	struct urt_record record = {
		.type = URT_EXIT,
		.count = 1,
		.pid = (pid_t)get(saved, row, "pid", INT_MAX, true),
		.ppid = (pid_t)get(saved, row, "ppid", INT_MAX, true),
		.start_ns = get(saved, row, "start_ns", SINCE_MAX, true),
		.runtime_ns = get_time(saved, row, "real_ns"),
		.utime_ns = get_cpu(saved, row, "user_ns"),
		.stime_ns = get_cpu(saved, row, "sys_ns"),
		.status = get_status(saved, row),
	};
	struct urt_process process = {
		.pid = record.pid,
		.ppid = record.ppid,
		.start_ns = record.start_ns,
		.utime_ns = record.utime_ns,
		.stime_ns = record.stime_ns,
	};
	bool unreaped = get(saved, row, "unreaped", 1, false);

	get_name(saved, row, record.comm, sizeof(record.comm));
	if (!unreaped && !get(saved, row, "running", 1, false)) {
		tally_record(&saved->tally, &record);
		return;
	}
	memcpy(process.comm, record.comm, sizeof(process.comm));
	tally_living(&saved->tally, &process,
		     record.start_ns + record.runtime_ns, unreaped);
}

static void take_rows(struct saved *saved, const json_t *rows)
{
	const json_t *row;
	const char *kind;
	size_t i;

	if (!json_array_size(rows))
		refuse(saved, "no processes are in it; is it of 'urt run --each --json'?");
	json_array_foreach(rows, i, row) {
		kind = json_string_value(json_object_get(row, "kind"));
		if (kind && !strcmp(kind, "process"))
			take_process(saved, row);
		else
			refuse(saved, "a row is not about one process: make it with --each and without --top");
	}
}

/* Reads the values that are not about single processes. */
static void take_others(struct saved *saved, const json_t *json)
{
	const json_t *lost = json_object_get(json, "lost");

	tally_record(&saved->tally, &(struct urt_record){
		.type = URT_LOST,
		.count = get(saved, lost, "count", UINT32_MAX, true),
		.utime_ns = get_cpu(saved, lost, "user_ns"),
		.stime_ns = get_cpu(saved, lost, "sys_ns"),
	});
	tally_record(&saved->tally, &(struct urt_record){
		.type = URT_MISSED,
		.count = get(saved, json, "missed", UINT32_MAX, true),
	});
	/* The value is null if urt run could not see which processes ran on. */
	saved->summary.blind = json_is_null(json_object_get(json, "unseen"));
	saved->summary.unseen = get(saved, json, "unseen", UINT32_MAX,
				    !saved->summary.blind);
}

static void take_command(struct saved *saved, const json_t *json)
{
	const json_t *words = json_object_get(json, "command");
	size_t count = json_array_size(words), i;

	if (!count)
		refuse(saved, "there is no 'command' in it; make it with 'urt run --each --json'");
	saved->summary.command = memory_alloc((count + 1) * sizeof(char *));
	for (i = 0; i < count; i++) {
		const json_t *word = json_array_get(words, i);

		if (!json_is_string(word))
			refuse(saved, "'command' is not a list of words");
		saved->summary.command[i] =
			memory_strdup(json_string_value(word));
	}
}

/*
 * Reports have these words since there are pictures.
 * Return: NULL, or text that the caller frees.
 */
static char *get_word(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text && *text ? memory_strdup(text) : NULL;
}

static void take_report(struct saved *saved, const json_t *json)
{
	struct summary *summary = &saved->summary;

	if (!json_is_object(json))
		refuse(saved, "this is no report of 'urt run --each --json'");
	take_command(saved, json);
	summary->status = get_status(saved, json);
	summary->real_ns = get_time(saved, json, "real_ns");
	summary->time = (time_t)get(saved, json, "time", INT64_MAX, false);
	summary->cpus =
		(unsigned int)get(saved, json, "cpus", UINT16_MAX, false);
	summary->host = get_word(json, "host");
	summary->directory = get_word(json, "directory");
	summary->version = get_word(json, "urt");
	take_rows(saved, json_object_get(json, "rows"));
	take_others(saved, json);
	tally_sort(&saved->tally);
	/* Reports have this value since there are pictures. */
	summary->start_ns = get(saved, json, "start_ns", SINCE_MAX, false);
	if (!summary->start_ns)
		summary->start_ns = saved->tally.processes[0].start_ns;
}

/* The file that the reports are read from; NULL for a pipe and the like. */
static const char *source(const struct saved *saved)
{
	struct stat input;

	if (saved->path)
		return saved->path;
	return !fstat(STDIN_FILENO, &input) && S_ISREG(input.st_mode) ?
	       "/dev/stdin" : NULL;
}

static json_t *load(const struct saved *saved)
{
	FILE *file = saved->path ? fopen(saved->path, "re") : stdin;
	json_error_t err;
	json_t *json;

	if (!file)
		error(STATUS_FAILED, errno, "%s", saved->path);
	json = json_loadf(file, JSON_REJECT_DUPLICATES, &err);
	if (ferror(file))
		error(STATUS_FAILED, errno, "cannot read %s",
		      saved->path ? saved->path : "standard input");
	if (!json)
		refuse(saved, "not JSON: %s, line %d", err.text, err.line);
	if (saved->path)
		fclose(file);
	return json;
}

static void free_command(char **command)
{
	char **word;

	for (word = command; *word; word++)
		free(*word);
	free(command);
}

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[RECORDS]",
		.doc = doc,
		.children = cmd_help,
	};
	struct saved saved = { 0 };
	json_t *json;
	bool ok;

	if (argp_parse(&argp, argc, argv, 0, NULL, &saved))
		return STATUS_USAGE;
	if (!picture_can_draw(&saved.summary, "RECORDS", source(&saved)))
		return STATUS_FAILED;
	json = load(&saved);
	tally_init(&saved.tally, true);
	take_report(&saved, json);
	json_decref(json);
	ok = picture_draw(&saved.summary, &saved.tally);
	tally_free(&saved.tally);
	free_command(saved.summary.command);
	free((char *)saved.summary.host);
	free((char *)saved.summary.directory);
	free((char *)saved.summary.version);
	return ok ? STATUS_OK : STATUS_FAILED;
}
