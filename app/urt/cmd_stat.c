// SPDX-License-Identifier: MIT
/*
 * urt stat reports the CPU time of processes, interval by interval. The
 * kernel's refreshes are the clock: each report is about one refresh, that is
 * one moment.
 */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburt.h>

#include "clock.h"
#include "format.h"
#include "output.h"
#include "parse.h"
#include "select.h"
#include "signals.h"
#include "table.h"
#include "unreaped.h"
#include "watch.h"

/* The time that a report covers. */
enum period {
	INTERVAL,
	AVERAGE,	/* since the first look */
	LIFETIME,	/* since each process's start */
};

struct stat_run {
	struct selection selection;
	struct output output;
	unsigned int interval_ms;	/* 0: one report, since the start */
	unsigned long count;		/* of reports; 0: no end */
	unsigned long reports;
	struct urt *u;
	struct urt_snapshot snapshot;
	struct watch watch;
	struct unreaped unreaped;
	struct urt_record held;		/* the next one, if holds */
	bool holds;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t now_ns;
	int signal_fd;
	int told_outside;	/* the errno that was reported last */
	bool system;	/* the system registry, not a session */
	bool ended;
	bool stopped;
};

/* --- options --- */

static const struct argp_option options[] = {
	{ "json", OPTION_JSON, NULL, 0,
	  "A line of JSON for each interval, and one for the average", 0 },
	{ 0 }
};

static const char doc[] =
	"Report the CPU time of processes every INTERVAL seconds, COUNT times or "
	"until they have all exited or Ctrl-C; then the average. Without INTERVAL "
	"report once, since their start.\n"
	"\n"
	"Without -p, --tree, -C or --all, the processes that 'urt add' registered."
	"\v"
	"Examples:\n"
	"  urt stat --tree 1234 1\n"
	"  urt stat -C postgres 10 6\n"
	"  urt stat --all 5\n"
	"  urt stat -p 12,34 0.5 --json\n"
	"\n"
	"%usr, %sys, %CPU: of one CPU, in that interval. user s, sys s: all that "
	"the process has used so far. state: as in ps(1), or how it ended in that "
	"interval (exit code or signal). All values of a report are of one moment; "
	"what starts and exits between two reports is in the next one.\n"
	"\n"
	"INTERVAL: 0.1 or more (0.01 for root), in seconds. The list of 'urt add' is "
	"refreshed as the module's parameter interval_ms says: there a report comes "
	"with the refresh that is nearest.\n"
	"\n"
	"JSON: an object a line, \"report\" being interval, average or lifetime. Times "
	"are in nanoseconds.\n"
	"\n"
	"Exit status: 0 done, as also when all have exited or after Ctrl-C; 1 at "
	"least one process could not be followed (and which is said), or none; 2 "
	"wrong usage.";

static void parse_argument(struct stat_run *stat, const char *arg,
			   struct argp_state *state)
{
	switch (state->arg_num) {
	case 0:
		if (!parse_seconds(arg, &stat->interval_ms))
			argp_error(state, "'%s' is not an interval in seconds",
				   arg);
		break;
	case 1:
		if (!parse_number(arg, ULONG_MAX - 1, &stat->count))
			argp_error(state, "'%s' is not a number of reports from 1 on",
				   arg);
		break;
	default:
		argp_error(state, "'%s' is one argument too many", arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct stat_run *stat = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &stat->selection;
		return 0;
	case OPTION_JSON:
		stat->output.format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARG:
		parse_argument(stat, arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- a report --- */

enum {
	TIME, PID, PPID, UID, COUNT, USER_SHARE, SYS_SHARE, CPU_SHARE, USER, SYS,
	THREADS, START, SHOWN_STATE, STATE, EXIT, SIGNAL, NAME, COLUMNS
};

static const struct column columns[COLUMNS] = {
	[TIME] = { NULL, "time", COLUMN_TEXT, 8 },
	[PID] = { "pid", "PID", COLUMN_COUNT, 7 },
	[PPID] = { "ppid", NULL, COLUMN_COUNT, 0 },
	[UID] = { "uid", NULL, COLUMN_COUNT, 0 },
	[COUNT] = { "count", NULL, COLUMN_COUNT, 0 },
	[USER_SHARE] = { "user_percent", "%usr", COLUMN_PERCENT, 6 },
	[SYS_SHARE] = { "sys_percent", "%sys", COLUMN_PERCENT, 6 },
	[CPU_SHARE] = { "cpu_percent", "%CPU", COLUMN_PERCENT, 6 },
	[USER] = { "user_ns", "user s", COLUMN_SECONDS, 9 },
	[SYS] = { "sys_ns", "sys s", COLUMN_SECONDS, 9 },
	[THREADS] = { "threads", "thr", COLUMN_COUNT, 4 },
	[START] = { "start_ns", NULL, COLUMN_COUNT, 0 },
	[SHOWN_STATE] = { NULL, "state", COLUMN_WORD, 7 },
	[STATE] = { "state", NULL, COLUMN_TEXT, 0 },
	[EXIT] = { "exit", NULL, COLUMN_COUNT, 0 },
	[SIGNAL] = { "signal", NULL, COLUMN_TEXT, 0 },
	[NAME] = { "name", "name", COLUMN_TEXT, 0 },
};

/* The times of one row: in all, and in the period. */
struct times {
	uint64_t utime_ns;
	uint64_t stime_ns;
	uint64_t user_ns;
	uint64_t sys_ns;
	uint64_t elapsed_ns;	/* 0: the process was not there in the period */
};

static struct cell share_cell(uint64_t ns, uint64_t elapsed_ns)
{
	return elapsed_ns ? cell_number(table_share(ns, elapsed_ns)) :
			    cell_none();
}

static void times_cells(struct cell *row, const struct times *times)
{
	uint64_t elapsed = times->elapsed_ns;

	row[USER_SHARE] = share_cell(times->user_ns, elapsed);
	row[SYS_SHARE] = share_cell(times->sys_ns, elapsed);
	row[CPU_SHARE] = share_cell(times->user_ns + times->sys_ns, elapsed);
	row[USER] = cell_number(times->utime_ns);
	row[SYS] = cell_number(times->stime_ns);
}

/* Words for the state of a process, or for its end. */
#define ENDED_SIZE (STATUS_SIZE + sizeof("exit "))

static void state_cells(struct cell *row, const struct watched *item,
			const char *letter, char text[ENDED_SIZE])
{
	row[STATE] = cell_text(letter);
	row[SHOWN_STATE] = cell_text(letter);
	if (!item->exited || item->status < 0)
		return;
	row[SHOWN_STATE] = cell_text(text);
	format_status(text, item->status);
	if (WIFSIGNALED(item->status))
		row[SIGNAL] = cell_text(text);
	if (WIFEXITED(item->status)) {
		snprintf(text, ENDED_SIZE, "exit %d", WEXITSTATUS(item->status));
		row[EXIT] = cell_number((uint64_t)WEXITSTATUS(item->status));
	}
}

static void item_row(struct table *table, const char *when,
		     const struct watched *item, const struct times *times)
{
	char letter[] = { item->exited ? 'X' : item->now.state, '\0' };
	char name[NAME_SIZE], ended[ENDED_SIZE];
	struct cell row[COLUMNS] = {
		[TIME] = cell_text(when),
		[PID] = cell_number((uint64_t)item->now.pid),
		[PPID] = cell_number((uint64_t)item->now.ppid),
		[UID] = cell_number(item->now.uid),
		[COUNT] = cell_number(1),
		[THREADS] = cell_number(item->now.threads),
		[START] = cell_number(item->now.start_ns),
		[NAME] = cell_text(format_name(name, item->now.comm)),
	};

	times_cells(row, times);
	state_cells(row, item, letter, ended);
	table_row(table, row);
}

/* A row for several processes. */
static void sum_row(struct table *table, const char *when, const char *name,
		    uint64_t count, const struct times *times)
{
	struct cell row[COLUMNS] = {
		[TIME] = cell_text(when),
		[COUNT] = cell_number(count),
		[NAME] = cell_text(name),
	};

	times_cells(row, times);
	table_row(table, row);
}

/*
 * A process that is in no report yet may have exited after the latest refresh.
 */
static uint64_t moment_of(const struct stat_run *stat,
			  const struct watched *item)
{
	return item->exited && item->end_ns > stat->now_ns ? item->end_ns :
							     stat->now_ns;
}

static struct times item_times(const struct stat_run *stat, enum period period,
			       const struct watched *item)
{
	struct times times = {
		.utime_ns = item->now.utime_ns,
		.stime_ns = item->now.stime_ns,
		.user_ns = item->now.utime_ns,
		.sys_ns = item->now.stime_ns,
	};

	switch (period) {
	case INTERVAL:
		times.user_ns -= item->last_utime_ns;
		times.sys_ns -= item->last_stime_ns;
		times.elapsed_ns = moment_of(stat, item) - stat->last_ns;
		break;
	case AVERAGE:
		times.user_ns -= item->first_utime_ns;
		times.sys_ns -= item->first_stime_ns;
		times.elapsed_ns = moment_of(stat, item) - stat->first_ns;
		break;
	case LIFETIME:
		/*
		 * A process may have been registered after the latest refresh.
		 * How long an exited process ran is unknown.
		 */
		if (stat->now_ns > item->now.start_ns &&
		    !is_unreaped(&item->now))
			times.elapsed_ns = stat->now_ns - item->now.start_ns;
		break;
	}
	return times;
}

/* A table, and its sum. */
struct rows {
	struct table *table;
	const char *when;
	struct times total;
	uint64_t count;
};

static void total_add(struct rows *rows, uint64_t count,
		      const struct times *times)
{
	rows->count += count;
	rows->total.utime_ns += times->utime_ns;
	rows->total.stime_ns += times->stime_ns;
	rows->total.user_ns += times->user_ns;
	rows->total.sys_ns += times->sys_ns;
}

static void add_item(struct rows *rows, const struct stat_run *stat,
		     enum period period, const struct watched *item)
{
	struct times times = item_times(stat, period, item);

	item_row(rows->table, rows->when, item, &times);
	total_add(rows, 1, &times);
	if (period != LIFETIME && times.elapsed_ns > rows->total.elapsed_ns)
		rows->total.elapsed_ns = times.elapsed_ns;
}

static void add_sum(struct rows *rows, const char *name,
		    const struct watch_sum *sum)
{
	struct times times = {
		.utime_ns = sum->utime_ns,
		.stime_ns = sum->stime_ns,
		.user_ns = sum->utime_ns,
		.sys_ns = sum->stime_ns,
		.elapsed_ns = rows->total.elapsed_ns,
	};

	if (!sum->count)
		return;
	sum_row(rows->table, rows->when, name, sum->count, &times);
	total_add(rows, sum->count, &times);
}

static void add_rows(struct rows *rows, const struct stat_run *stat,
		     enum period period)
{
	const struct watch *watch = &stat->watch;
	size_t i;

	for (i = 0; period == AVERAGE && i < watch->gone_count; i++)
		add_item(rows, stat, period, watch->gone[i]);
	for (i = 0; i < watch->count; i++) {
		const struct watched *item = watch->items[i];

		if (watch_shown(watch, item) ||
		    (period == AVERAGE && item->exited))
			add_item(rows, stat, period, item);
	}
	if (period == AVERAGE)
		add_sum(rows, "(others that exited)", &watch->gone_others);
	add_sum(rows, "(lost)",
		period == AVERAGE ? &watch->all_lost : &watch->lost);
}

static json_t *json_number(uint64_t number)
{
	return json_integer((json_int_t)number);
}

static void print_json(struct stat_run *stat, enum period period,
		       const struct rows *rows)
{
	static const char *const names[] = { "interval", "average", "lifetime" };
	json_t *json = json_object();

	json_object_set_new(json, "report", json_string(names[period]));
	json_object_set_new(json, "time_ns", json_number(stat->now_ns));
	json_object_set_new(json, "elapsed_ns",
			    period == LIFETIME ? json_null() :
			    json_number(rows->total.elapsed_ns));
	json_object_set_new(json, "count", json_number(rows->count));
	json_object_set_new(json, "user_ns", json_number(rows->total.user_ns));
	json_object_set_new(json, "sys_ns", json_number(rows->total.sys_ns));
	json_object_set_new(json, "missed", json_number(stat->watch.missed));
	json_object_set_new(json, "unseen",
			    json_number(stat->snapshot.registered -
					stat->snapshot.count));
	json_object_set_new(json, "rows", table_json(rows->table));
	output_json(&stat->output, json, JSON_COMPACT);
}

static void print_text(struct stat_run *stat, struct rows *rows)
{
	uint64_t unseen = stat->snapshot.registered - stat->snapshot.count;

	if (rows->count > 1)
		sum_row(rows->table, rows->when, "(total)", rows->count,
			&rows->total);
	table_print(rows->table, stdout, format_colours(stdout));
	if (unseen)
		printf("%" PRIu64 " more than the module's map holds are not shown before they exit\n",
		       unseen);
	if (stat->watch.missed)
		printf("%" PRIu64 " could not be registered when they were forked (quota, or no memory)\n",
		       stat->watch.missed);
	putchar('\n');
}

static void report(struct stat_run *stat, enum period period)
{
	struct rows rows = {
		.table = table_new(columns, COLUMNS),
		.when = "average",
	};
	time_t now = time(NULL);
	char clock[16];

	if (period == INTERVAL)
		rows.total.elapsed_ns = stat->now_ns - stat->last_ns;
	else if (period == AVERAGE)
		rows.total.elapsed_ns = stat->now_ns - stat->first_ns;
	if (period != AVERAGE) {
		strftime(clock, sizeof(clock), "%T", localtime(&now));
		rows.when = clock;
	}
	add_rows(&rows, stat, period);
	if (stat->output.format == FORMAT_JSON)
		print_json(stat, period, &rows);
	else
		print_text(stat, &rows);
	output_flush(&stat->output);
	table_free(rows.table);
	if (period == INTERVAL) {
		watch_next(&stat->watch);
		stat->last_ns = stat->now_ns;
		stat->reports++;
	}
}

/* --- following the processes --- */

/* Registers processes that entered from outside, for the next generation. */
static void look_outside(struct stat_run *stat)
{
	int err = select_entered(&stat->selection, stat->u);

	if (err && err != stat->told_outside)
		error(0, 0, "cannot follow all that come in from outside: %s",
		      urt_strerror(err));
	stat->told_outside = err;
}

/* Return: whether there is a snapshot that is newer than the last one. */
static bool take_snapshot(struct stat_run *stat)
{
	uint64_t last = stat->snapshot.generation;

	look_outside(stat);
	if (urt_snapshot(stat->u, &stat->snapshot)) {
		error(STATUS_FAILED, 0, "cannot read the snapshot: %s",
		      urt_strerror(errno));
	}
	if (stat->watch.snapshot && stat->snapshot.generation == last)
		return false;
	watch_snapshot(&stat->watch, &stat->snapshot);
	unreaped_look(&stat->unreaped, &stat->snapshot);
	stat->now_ns = stat->snapshot.time_ns;
	/*
	 * Processes may join the system registry again, but urt would not learn
	 * it.
	 */
	if (stat->system && !stat->snapshot.registered)
		stat->ended = true;
	return true;
}

/*
 * Return: whether there are more records. The refresh that the next report is
 * about may be long ago. Records of processes that exited after it wait.
 */
static bool take_record(struct stat_run *stat, bool reports, int *ret)
{
	if (!stat->holds)
		*ret = urt_next(stat->u, &stat->held, 0);
	if (*ret <= 0)
		return false;
	stat->holds = reports && watch_waits(&stat->watch, &stat->held);
	if (!stat->holds)
		watch_record(&stat->watch, &stat->held);
	return !stat->holds;
}

static void take_records(struct stat_run *stat, bool reports)
{
	int ret = 1;

	if (stat->system)
		return;
	while (take_record(stat, reports, &ret))
		;
	if (stat->holds)
		return;
	if (!ret)
		stat->ended = true;
	else if (errno != ETIMEDOUT && errno != EINTR)
		error(STATUS_FAILED, 0, "cannot read what has exited: %s",
		      urt_strerror(errno));
}

/* Whether this refresh is the nearest to the interval's end. */
static bool due(const struct stat_run *stat)
{
	return stat->now_ns - stat->last_ns +
	       stat->snapshot.interval_ms * NSEC_PER_MSEC / 2 >=
	       stat->interval_ms * NSEC_PER_MSEC;
}

/* Waits for the next refresh, a signal, or the end of all processes. */
static void wait_for_event(struct stat_run *stat)
{
	struct pollfd fds[] = {
		{ .fd = stat->signal_fd, .events = POLLIN },
		{ .fd = urt_fd(stat->u), .events = POLLPRI },
	};
	bool reports = false;

	/* On the system registry, POLLIN means the same as POLLPRI. */
	if (!stat->system)
		fds[1].events |= POLLIN;
	if (poll(fds, 2, -1) < 0)
		return;
	stat->stopped = fds[0].revents;
	if (fds[1].revents & POLLPRI)
		reports = take_snapshot(stat) && due(stat);
	take_records(stat, reports);
	if (!stat->ended && !stat->holds &&
	    unreaped_alone(&stat->unreaped, clock_ns(CLOCK_BOOTTIME))) {
		error(0, 0, "the processes that are left have exited, but their parents do not reap them");
		stat->ended = true;
	}
	/* When all processes have ended, no refresh comes any more. */
	if (stat->ended && !stat->system)
		stat->now_ns = clock_ns(CLOCK_BOOTTIME);
	if (stat->ended || reports)
		report(stat, INTERVAL);
}

static bool is_due_to_end(const struct stat_run *stat)
{
	return stat->ended || stat->stopped || ferror(stdout) ||
	       (stat->count && stat->reports >= stat->count);
}

/* Return: whether the reports can begin. */
static bool first_look(struct stat_run *stat)
{
	uint64_t now, first;

	if (!stat->system && stat->interval_ms &&
	    urt_set_interval(stat->u, stat->interval_ms)) {
		error(0, 0, "an interval of %g s is out of your range: 0.1 (0.01 for root) to 3600",
		      stat->interval_ms / 1000.0);
		return false;
	}
	if (!stat->system && urt_map(stat->u, 0)) {
		error(0, 0, "cannot map the session: %s", urt_strerror(errno));
		return false;
	}
	stat->watch.records = !stat->system;
	take_snapshot(stat);
	if (stat->ended) {
		error(0, 0, "nothing is registered: give -p, --tree, -C or --all, or see 'urt add --help'");
		return false;
	}
	/* Only a fork adds processes to a session. */
	stat->watch.closed = !stat->system &&
			     stat->snapshot.registered == stat->snapshot.count;
	now = clock_ns(CLOCK_BOOTTIME);
	first = watch_first_ns(&stat->snapshot, stat->system, now);
	stat->watch.time_ns = first;
	/* Before the first refresh, the values are from the registration. */
	if (stat->interval_ms)
		stat->now_ns = first;
	else if (!stat->snapshot.generation || first != stat->now_ns)
		stat->now_ns = now;
	stat->first_ns = stat->now_ns;
	stat->last_ns = stat->now_ns;
	return true;
}

static bool follow(struct stat_run *stat)
{
	if (!first_look(stat))
		return false;
	if (!stat->interval_ms) {
		report(stat, LIFETIME);
		return true;
	}
	select_reap();
	stat->signal_fd = signals_to_end();
	while (!is_due_to_end(stat))
		wait_for_event(stat);
	if (stat->reports)
		report(stat, AVERAGE);
	return true;
}

int cmd_stat(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &select_argp, 0, NULL, 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERVAL [COUNT]]",
		.doc = doc,
		.children = children,
	};
	struct stat_run stat = { .output = { .file = stdout } };
	bool ok = true, some = true;

	if (argp_parse(&argp, argc, argv, 0, NULL, &stat))
		return STATUS_USAGE;
	stat.system = !stat.selection.count;
	stat.u = select_open(stat.system ? urt_open_system : urt_open);
	if (!stat.u)
		return STATUS_FAILED;
	if (!stat.system)
		ok = select_register(&stat.selection, stat.u, &some);
	if (!some || !follow(&stat))
		ok = false;
	ok &= output_close(&stat.output);
	urt_close(stat.u);
	urt_snapshot_free(&stat.snapshot);
	watch_free(&stat.watch);
	unreaped_free(&stat.unreaped);
	select_free(&stat.selection);
	return ok ? STATUS_OK : STATUS_FAILED;
}
