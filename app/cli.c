// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "cli.h"

#include <argp.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_PATH	"/proc/urt/status"
#define SECONDS_MIN	0.001
#define SECONDS_MAX	86400.0

static uint64_t start_ns;

double seconds_since_start(void)
{
	return (double)(now(CLOCK_MONOTONIC) - start_ns) / NSEC_PER_SEC;
}

/* --- options --- */

static const struct argp_option option_table[] = {
	{ "seconds", 's', "S", 0,
	  "Burn for S seconds, 0.001 to 86400 (default 12)", 0 },
	{ "threads", 't', "N", 0,
	  "Burn in N threads, 1 to 1024 (default 1)", 0 },
	{ "duty", 'd', "PERCENT", 0,
	  "Share of the time that each thread burns, 1 to 100 (default 100)", 0 },
	{ "quiet", 'q', NULL, 0,
	  "Print the verdict only", 0 },
	{ "status", 'f', "FILE", 0,
	  "Use FILE, and stat beside it, for " STATUS_PATH, 0 },
	{ 0 }
};

static const char doc[] =
	"Register this process with the usertime module, burn user CPU time,\n"
	"print " STATUS_PATH " whenever it is refreshed, and compare its last\n"
	"value with getrusage(2).\n"
	"\v"
	"Exit status:\n"
	"  0  the file and getrusage agree\n"
	"  1  they do not, no refresh came in time, or following the file failed\n"
	"  2  usage error\n"
	"  3  could not start: module not loaded, registration refused, no threads\n"
	"After SIGINT or SIGTERM it reports, unregisters itself and dies of the signal.\n";

static double parse_seconds(struct argp_state *state, const char *arg)
{
	double value = 0;
	char *end = NULL;

	/* strtod() alone would accept blanks, signs, hex, "inf" and "nan". */
	if (arg[strspn(arg, "0123456789.")] == '\0')
		value = strtod(arg, &end);
	if (!end || end == arg || *end ||
	    !(value >= SECONDS_MIN && value <= SECONDS_MAX))
		argp_error(state,
			   "--seconds: '%s' is not a number from %g to %.0f",
			   arg, SECONDS_MIN, SECONDS_MAX);
	return value;
}

static unsigned int parse_count(struct argp_state *state, const char *arg,
				const char *option, unsigned int max)
{
	unsigned long value = 0;

	/* Only digits count. Too many of them give ULONG_MAX: too large. */
	if (arg[strspn(arg, "0123456789")] == '\0')
		value = strtoul(arg, NULL, 10);
	if (value < 1 || value > max)
		argp_error(state,
			   "%s: '%s' is not a whole number from 1 to %u",
			   option, arg, max);
	return (unsigned int)value;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 's':
		options->burn.seconds = parse_seconds(state, arg);
		return 0;
	case 't':
		options->burn.threads = parse_count(state, arg, "--threads",
						    BURN_THREADS_MAX);
		return 0;
	case 'd':
		options->burn.duty = parse_count(state, arg, "--duty", 100);
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case 'f':
		options->status = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not an option; there are no others",
			   arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *stat_beside(const char *status)
{
	const char *slash = strrchr(status, '/');
	char *stat;

	if (asprintf(&stat, "%.*sstat", slash ? (int)(slash + 1 - status) : 0,
		     status) < 0)
		error(NO_START, ENOMEM, "cannot start");
	return stat;
}

/*
 * If a standard descriptor is closed, a file of the module must not get its
 * number.
 */
static void hold_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void parse_options(int argc, char **argv, struct options *options)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = doc,
	};

	hold_standard_fds();
	options->status = STATUS_PATH;
	options->burn.seconds = 12;
	options->burn.threads = 1;
	options->burn.duty = 100;
	argp_err_exit_status = USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, options))
		exit(USAGE);
	options->stat = stat_beside(options->status);
	program_invocation_name = program_invocation_short_name;
	start_ns = now(CLOCK_MONOTONIC);
}

/* --- messages --- */

const char *advise(int err)
{
	static const char *const advice[] = {
		[ENOENT] = "not there; is the usertime module loaded? (sudo insmod usertime/usertime.ko)",
		[ENODEV] = "the usertime module is being unloaded; load it again (sudo insmod usertime/usertime.ko)",
		[EACCES] = "you may not open it; the module's parameter status_mode says who may: ask the administrator, or try as root",
		[EDQUOT] = "you have registered as many processes as one user may (max_per_user); unregister some (echo -PID > /proc/urt/status)",
		[ENOSPC] = "the module has as many processes as it takes in all (max_processes); try again when some have ended",
		[EPERM] = "only your own processes may be registered here (restrict=1, or hidepid), and a set-user-ID program is nobody's; run it without that",
		[ESRCH] = "it does not know this PID; is it on the procfs of another PID namespace?",
		[EINVAL] = "it does not take a PID; is it the usertime module's?",
	};

	if ((size_t)err < sizeof(advice) / sizeof(*advice) && advice[err])
		return advice[err];
	return strerror(err);
}

int finish_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	error(0, errno, "cannot write to standard output");
	return status == AGREE ? DISAGREE : status;
}

/* --- signals --- */

volatile sig_atomic_t caught;

static void catch(int number)
{
	caught = number;
}

static void die_of_caught(void)
{
	sigset_t set;

	if (!caught)
		return;
	signal(caught, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, caught);
	raise(caught);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void catch_signals(sigset_t *old)
{
	static const int numbers[] = { SIGINT, SIGTERM };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		sigaddset(&set, numbers[i]);
		/* A shell ignores them for its background jobs: keep that. */
		if (signal(numbers[i], catch) == SIG_IGN)
			signal(numbers[i], SIG_IGN);
	}
	pthread_sigmask(SIG_BLOCK, &set, old);
	atexit(die_of_caught);
}

bool signal_came(const sigset_t *old)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, old, &blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
	return caught;
}
