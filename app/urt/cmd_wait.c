// SPDX-License-Identifier: MIT
/* urt wait waits for the end of processes that need not be children. */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <liburt.h>

#include "clock.h"
#include "format.h"
#include "output.h"
#include "parse.h"
#include "select.h"

enum { STATUS_TIMEOUT = 3 };

struct wait {
	struct selection selection;
	struct output output;
	unsigned int timeout_ms;
	bool limited;		/* there is a timeout */
	bool any;
};

static const struct argp_option options[] = {
	{ "any", 'a', NULL, 0, "Until one of them has ended, not all", 0 },
	{ "timeout", 't', "SECONDS", 0,
	  "Not longer than that; 0 only looks", 0 },
	{ 0 }
};

static const char doc[] =
	"Wait until processes have ended, children or not, and been reaped by "
	"their parents. Print a line for each as it ends: number, status (exit "
	"code or signal; - where it is hidden from you), CPU time in user and "
	"kernel mode, wall time, all in seconds, and name."
	"\v"
	"Examples:\n"
	"  urt wait 1234 && echo done\n"
	"  urt wait --any $(pgrep -u me make)\n"
	"\n"
	"Exit status: 0 they have ended, however; 1 at least one could not be "
	"waited for (no such process, quota; the others were); 2 wrong usage; "
	"3 the time was up.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct wait *wait = state->input;

	switch (key) {
	case 'a':
		wait->any = true;
		return 0;
	case 't':
		if (!parse_timeout(arg, &wait->timeout_ms))
			argp_error(state, "--timeout: '%s' is not a number of seconds: 0, or from 0.001 on",
				   arg);
		wait->limited = true;
		return 0;
	case ARGP_KEY_ARG:
		select_argument(&wait->selection, arg, 0, state);
		return 0;
	case ARGP_KEY_END:
		if (!wait->selection.count)
			argp_error(state, "for which processes?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_heading(struct output *output)
{
	fprintf(output->file, "%10s %9s %10s %10s %10s  %s\n", "PID", "status", "user s",
		"sys s", "real s", "name");
	output_flush(output);
}

static void print_record(struct output *output, const struct urt_record *record)
{
	char status[STATUS_SIZE], user[STATUS_SIZE], sys[STATUS_SIZE];
	char real[STATUS_SIZE], name[NAME_SIZE];

	if (record->type != URT_EXIT) {
		error(0, 0, "%" PRIu64 " ended whose record is lost",
		      record->count);
		return;
	}
	fprintf(output->file, "%10d %9s %10s %10s %10s  %s\n", record->pid,
		format_status(status, record->status),
		format_seconds(user, record->utime_ns),
		format_seconds(sys, record->stime_ns),
		format_seconds(real, record->runtime_ns),
		format_name(name, record->comm));
	output_flush(output);
}

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NSEC_PER_MSEC;
}

/* Return: an exit status. */
static int wait_for(struct wait *wait, struct urt *u)
{
	uint64_t end = now_ms() + wait->timeout_ms, now;
	struct urt_record record;
	int timeout = -1, ret;

	for (;;) {
		if (wait->limited) {
			now = now_ms();
			timeout = now < end ? (int)(end - now) : 0;
		}
		ret = urt_next(u, &record, timeout);
		if (!ret)
			return STATUS_OK;
		if (ret < 0 && errno == ETIMEDOUT)
			return STATUS_TIMEOUT;
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0) {
			error(0, 0, "cannot wait: %s", urt_strerror(errno));
			return STATUS_FAILED;
		}
		print_record(&wait->output, &record);
		if (wait->any)
			return STATUS_OK;
	}
}

int cmd_wait(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "PID...",
		.doc = doc,
		.children = cmd_help,
	};
	struct wait wait = { .output.file = stdout };
	int status = STATUS_FAILED;
	bool all, some;
	struct urt *u;

	if (argp_parse(&argp, argc, argv, 0, NULL, &wait))
		return STATUS_USAGE;
	u = select_open(urt_open);
	if (!u)
		return STATUS_FAILED;
	all = select_register(&wait.selection, u, &some);
	if (some) {
		select_reap();
		print_heading(&wait.output);
		status = wait_for(&wait, u);
	}
	if (!status && !all)
		status = STATUS_FAILED;
	urt_close(u);
	free(wait.selection.items);
	return output_close(&wait.output) ? status : STATUS_FAILED;
}
