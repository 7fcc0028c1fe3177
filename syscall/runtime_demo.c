// SPDX-License-Identifier: MIT
/*
 * Asks the kernel how long a process has been running. The C library does not
 * know this system call: get_process_runtime(), number 549.
 */
#include <argp.h>
#include <errno.h>
#include <error.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

enum { STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_UNPATCHED = 3 };

struct demo {
	long seconds;
	long pid;
};

static const struct argp_option options[] = {
	{ "seconds", 's', "N", 0, "Sleep so many first (20)", 0 },
	{ "pid", 'p', "PID", 0, "Ask about this process (the demo itself)", 0 },
	{ 0 }
};

static const char doc[] =
	"Sleep, then print the number of a process and for how many milliseconds "
	"it has been running, as the system call get_process_runtime() says."
	"\v"
	"Exit status: 0 done, 1 there is no such process, 2 wrong usage, 3 this "
	"kernel does not have the system call.";

/* Return: whether the text is only a whole number in that range. */
static int parse_number(const char *text, long least, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return end != text && !*end && !errno && *number >= least &&
	       *number <= INT_MAX;
}

/* A negative number is passed on, so that the kernel refuses it. */
static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct demo *demo = state->input;

	switch (key) {
	case 's':
		if (!parse_number(arg, 0, &demo->seconds))
			argp_error(state, "--seconds: '%s' is not a whole number from 0 on",
				   arg);
		return 0;
	case 'p':
		if (!parse_number(arg, INT_MIN, &demo->pid))
			argp_error(state, "--pid: '%s' is not a process's number",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void sleep_for(long seconds)
{
	struct timespec left = { .tv_sec = seconds };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* syscall(2) takes any number, and turns a negative result into errno. */
static long get_process_runtime(pid_t pid)
{
	return syscall(NR_GET_PROCESS_RUNTIME, pid);
}

static int explain(long pid)
{
	switch (errno) {
	case ENOSYS:
		error(0, 0, "this kernel has no system call %d: it is built without the patches of syscall/; 'syscall/run.sh' builds and boots one that has it, 'urt runtime' works without",
		      NR_GET_PROCESS_RUNTIME);
		return STATUS_UNPATCHED;
	case ESRCH:
		error(0, 0, "there is no process %ld", pid);
		return STATUS_FAILED;
	default:
		error(0, errno, "get_process_runtime(%ld)", pid);
		return STATUS_FAILED;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = doc,
	};
	struct demo demo = { .seconds = 20 };
	long ms;

	argp_err_exit_status = STATUS_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &demo))
		return STATUS_USAGE;
	/* Before the wait rather than after it. */
	if (get_process_runtime((pid_t)demo.pid) < 0)
		return explain(demo.pid);
	sleep_for(demo.seconds);
	ms = get_process_runtime((pid_t)demo.pid);
	if (ms < 0)
		return explain(demo.pid);
	printf("process %ld has been running for %ld ms\n",
	       demo.pid ? demo.pid : (long)getpid(), ms);
	return fflush(stdout) ? STATUS_FAILED : 0;
}
