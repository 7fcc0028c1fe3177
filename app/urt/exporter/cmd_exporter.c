// SPDX-License-Identifier: MIT
/*
 * urt exporter offers CPU time of processes to Prometheus, by HTTP or as a
 * file. One thread looks at each generation of the system registry, takes the
 * exit records of the processes that it follows, and answers requests.
 */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "exporter/file.h"
#include "exporter/http.h"
#include "exporter/metrics.h"
#include "exporter/source.h"
#include "memory.h"
#include "parse.h"
#include "roots.h"
#include "signals.h"

#define LISTEN		"127.0.0.1:9877"
#define INTERVAL_MS	5000
#define INTERVAL_MIN_MS	10
#define INTERVAL_MAX_MS	3600000
#define NAMES_MAX	1000
#define PIDS_MAX	1000
#define TEXT_SIZE	16384	/* at first */
#define LIMIT_MAX	100000UL
/*
 * Exits come in bursts. Fetching records once in this time loses none of them.
 */
#define RECORDS_NS	(50 * NSEC_PER_MSEC)
/* Start times follow the wall clock only if it changes by more than this. */
#define EPOCH_NS	(NSEC_PER_SEC / 2)

#define MODULE_VERSION_PATH "/sys/module/usertime/version"

enum { OPTION_LISTEN = 256, OPTION_TEXTFILE, OPTION_INTERVAL, OPTION_PER_PID,
       OPTION_NAMES };

struct exporter {
	const char *listen;
	const char *dir;
	unsigned long names_max;
	unsigned long pids_max;		/* 0: no series of single processes */
	struct selection selection;
	struct exporter_sources sources;
	struct exporter_model model;
	struct exporter_http *http;
	struct exporter_file *file;
	bool up;
	size_t text_size;
	uint64_t refresh_ns;
	uint64_t start_ns;
	uint64_t epoch_ns;
	uint64_t records_ns;		/* no records are read before then */
	uint64_t file_ns;		/* when the next file is due */
	int signal_fd;
	bool stopped;
};

/* --- options --- */

static const struct argp_option options[] = {
	{ "listen", OPTION_LISTEN, "HOST:PORT", 0,
	  "Answer there, by HTTP (" LISTEN "); [HOST]:PORT is IPv6, :PORT every address",
	  0 },
	{ "textfile", OPTION_TEXTFILE, "DIR", 0,
	  "Write DIR/urt.prom for the node exporter instead, or too with --listen",
	  0 },
	{ "interval", OPTION_INTERVAL, "SECONDS", 0,
	  "How often what is followed is refreshed, and the file written (5)",
	  0 },
	{ "per-pid", OPTION_PER_PID, "MAX", OPTION_ARG_OPTIONAL,
	  "Series for each process, too, for so many at a time (1000)", 0 },
	{ "names", OPTION_NAMES, "MAX", 0,
	  "So many names have series of their own (1000); the rest is \"(other)\"",
	  0 },
	{ 0 }
};

static const char doc[] =
	"Tell Prometheus the CPU time of processes, by their names: of those that "
	"'urt add' registered, and of those given by -p, --tree, -C or --all. What has "
	"exited still counts, however short it lived."
	"\v"
	"Examples:\n"
	"  urt exporter\n"
	"  urt exporter --all\n"
	"  urt exporter --textfile /var/lib/prometheus/node-exporter\n"
	"\n"
	"-C looks for its name again in each interval. Without the module the "
	"exporter waits for it; urt_up says so. While it follows anything itself, "
	"the module cannot be unloaded.\n"
	"\n"
	"Exit status: 0 after SIGTERM or Ctrl-C; 1 it could not begin (and why is "
	"said); 2 wrong usage. urt-exporter(8) has more.";

static void limit(const char *arg, const char *name, unsigned long *value,
		  struct argp_state *state)
{
	if (!parse_number(arg, LIMIT_MAX, value))
		argp_error(state, "%s takes a number from 1 to %lu, not '%s'",
			   name, LIMIT_MAX, arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct exporter *e = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &e->selection;
		return 0;
	case OPTION_LISTEN:
		if (!exporter_http_address(arg))
			argp_error(state, "'%s' is no address and port, as " LISTEN,
				   arg);
		e->listen = arg;
		return 0;
	case OPTION_TEXTFILE:
		e->dir = arg;
		return 0;
	case OPTION_INTERVAL:
		if (!parse_seconds(arg, &e->sources.interval_ms) ||
		    e->sources.interval_ms < INTERVAL_MIN_MS ||
		    e->sources.interval_ms > INTERVAL_MAX_MS)
			argp_error(state, "'%s' is not an interval of 0.01 to 3600 seconds",
				   arg);
		return 0;
	case OPTION_PER_PID:
		e->pids_max = PIDS_MAX;
		if (arg)
			limit(arg, "--per-pid", &e->pids_max, state);
		return 0;
	case OPTION_NAMES:
		limit(arg, "--names", &e->names_max, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is no option; see --help", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Follows all once, and again if processes can come in from outside. */
static void follow_all(struct exporter *e)
{
	select_all(&e->sources.pids);
	if (roots_grow())
		select_all(&e->sources.names);
}

/* PIDs and names are registered in different ways. */
static void split_selection(struct exporter *e)
{
	size_t i;

	for (i = 0; i < e->selection.count; i++) {
		const struct selected *item = &e->selection.items[i];

		if (item->all)
			follow_all(e);
		else if (item->name)
			select_name(&e->sources.names, item->name,
				    item->flags);
		else
			select_pid(&e->sources.pids, item->pid,
				   item->flags);
	}
	select_free(&e->selection);
}

/* --- the text --- */

static void look(struct exporter *e)
{
	uint64_t begin = clock_ns(CLOCK_BOOTTIME);

	e->up = exporter_sources_look(&e->sources, &e->model);
	e->refresh_ns = clock_ns(CLOCK_BOOTTIME) - begin;
}

/* Start times stay as they are unless the clock is set. */
static void update_epoch(struct exporter *e)
{
	uint64_t epoch = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	uint64_t off = epoch > e->epoch_ns ? epoch - e->epoch_ns :
					     e->epoch_ns - epoch;

	if (off > EPOCH_NS)
		e->epoch_ns = epoch;
}

static const char *module_version(char buffer[EXPORTER_NAME_MAX + 1])
{
	FILE *file = fopen(MODULE_VERSION_PATH, "re");

	*buffer = '\0';
	if (!file)
		return buffer;
	if (!fgets(buffer, EXPORTER_NAME_MAX + 1, file))
		*buffer = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	fclose(file);
	return buffer;
}

static char *render(void *context, size_t *length)
{
	char module[EXPORTER_NAME_MAX + 1];
	struct exporter *e = context;
	struct exporter_text text = { .size = e->text_size };
	struct exporter_facts facts;

	/* Begin with the last size, so that it need not grow step by step. */
	text.at = memory_realloc(NULL, text.size, 1);
	look(e);
	update_epoch(e);
	facts = (struct exporter_facts){
		.up = e->up,
		.system = &e->sources.system_state,
		.own = exporter_sources_own(&e->sources) ?
		       &e->sources.own_state : NULL,
		.pids_max = e->pids_max,
		.now_ns = clock_ns(CLOCK_BOOTTIME),
		.epoch_ns = e->epoch_ns,
		.start_ns = e->start_ns,
		.cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
		.refresh_ns = e->refresh_ns,
		.version = cmd_version(),
		.module = module_version(module),
	};
	exporter_metrics_write(&text, &e->model, &facts);
	e->text_size = text.size;
	*length = text.length;
	return text.at;
}

static bool write_file(struct exporter *e)
{
	size_t length;
	char *text = render(e, &length);
	bool ok = exporter_file_write(e->file, text, length);

	free(text);
	e->file_ns = clock_ns(CLOCK_BOOTTIME) +
		     e->sources.interval_ms * NSEC_PER_MSEC;
	return ok;
}

/* --- the loop --- */

static bool waits_for_records(const struct exporter *e)
{
	return e->sources.own && !e->sources.own_ended;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How long urt may sleep if no client connects. */
static struct timespec rest(const struct exporter *e, uint64_t now)
{
	uint64_t due = e->sources.next_ns, left;

	if (e->http)
		due = earlier(due, exporter_http_due(e->http));
	if (e->file)
		due = earlier(due, e->file_ns);
	if (waits_for_records(e) && e->records_ns > now)
		due = earlier(due, e->records_ns);
	left = due > now ? due - now : 0;
	return (struct timespec){
		.tv_sec = (time_t)(left / NSEC_PER_SEC),
		.tv_nsec = (long)(left % NSEC_PER_SEC),
	};
}

static void turn(struct exporter *e)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	struct timespec left = rest(e, now);
	struct pollfd fds[] = {
		{ .fd = e->signal_fd, .events = POLLIN },
		{ .fd = e->http ? exporter_http_fd(e->http) : -1,
		  .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	if (waits_for_records(e) && e->records_ns <= now)
		fds[2].fd = urt_fd(e->sources.own);
	if (ppoll(fds, sizeof(fds) / sizeof(*fds), &left, NULL) < 0)
		return;
	e->stopped = fds[0].revents;
	now = clock_ns(CLOCK_BOOTTIME);
	if (fds[2].revents) {
		exporter_sources_records(&e->sources, &e->model);
		e->records_ns = now + RECORDS_NS;
	}
	if (now >= e->sources.next_ns)
		look(e);
	if (e->http && (fds[1].revents || now >= exporter_http_due(e->http)))
		exporter_http_run(e->http);
	if (e->file && now >= e->file_ns)
		write_file(e);
}

/* Return: whether the exporter can begin; if not, a message is printed. */
static bool start(struct exporter *e)
{
	e->start_ns = clock_ns(CLOCK_BOOTTIME);
	e->sources.system_state.since_ns = e->start_ns;
	exporter_model_init(&e->model, e->names_max);
	if (!exporter_sources_open(&e->sources, &e->model))
		return false;
	if (e->dir) {
		e->file = exporter_file_open(e->dir);
		if (!write_file(e))
			return false;
	}
	if (e->listen || !e->dir) {
		e->http = exporter_http_open(e->listen ? e->listen : LISTEN,
					     render, e);
		if (!e->http)
			return false;
	}
	look(e);
	if (!e->up && !e->sources.told_system)
		error(0, 0, "waiting: %s", select_absent());
	return true;
}

static void stop(struct exporter *e)
{
	exporter_http_close(e->http);
	exporter_file_close(e->file);
	exporter_sources_close(&e->sources);
	exporter_model_free(&e->model);
}

int cmd_exporter(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &select_argp, 0, NULL, 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = doc,
		.children = children,
	};
	struct exporter e = {
		.names_max = NAMES_MAX,
		.text_size = TEXT_SIZE,
		.sources.interval_ms = INTERVAL_MS,
	};
	bool ok;

	if (argp_parse(&argp, argc, argv, 0, NULL, &e))
		return STATUS_USAGE;
	split_selection(&e);
	select_reap();
	signal(SIGPIPE, SIG_IGN);
	e.signal_fd = signals_to_end();
	ok = start(&e);
	while (ok && !e.stopped) {
		turn(&e);
		ok = !e.sources.own_failed;
	}
	stop(&e);
	return ok ? STATUS_OK : STATUS_FAILED;
}
