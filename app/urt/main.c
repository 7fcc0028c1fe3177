// SPDX-License-Identifier: MIT
/*
 * urt: the CPU time of processes, complete and exact. This file finds the
 * command.
 */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "memory.h"
#include "newfile.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },
	{ "report", cmd_report },
	{ "stat", cmd_stat },
	{ "top", cmd_top },
	{ "wait", cmd_wait },
	{ "runtime", cmd_runtime },
	{ "add", cmd_add },
	{ "remove", cmd_remove },
	{ "list", cmd_list },
	{ "exporter", cmd_exporter },
};

static const char doc[] =
	"The CPU time of processes, exact and complete, however short they live.\n"
	"\n"
	"Commands:\n"
	"  run CMD...       run a command; then what it, and all it started, used\n"
	"  report [FILE]    draw a run that was saved by 'urt run --each --json'\n"
	"  stat             CPU time of processes, interval by interval\n"
	"  top [PID...]     the same as a live view that fills the terminal\n"
	"  wait PID...      wait for processes, children or not\n"
	"  runtime PID...   how long ago processes were started\n"
	"  add PID...       register in the list that all users share\n"
	"  remove PID...    unregister there\n"
	"  list             what is registered there\n"
	"  exporter         tell Prometheus\n"
	"\v"
	"'urt COMMAND --help' says more about each. Example:\n"
	"  urt run -- make -j4\n"
	"\n"
	"The kernel module usertime must be loaded.\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage; 'urt run' has its own.";

/* Where the command's name is. */
static error_t parse(int key, char *arg, struct argp_state *state)
{
	int *at = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*at = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command? One of run, report, stat, top, wait, runtime, add, remove, list, exporter");
		return 0;
	default:
		(void)arg;
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/*
 * A file that is opened later must not get the number of a standard descriptor,
 * because output would go into that file. Reading or writing these numbers
 * still fails with EBADF, and CMD of urt run finds them closed.
 */
static void hold_standard_fds(void)
{
	int fd;

	do {
		fd = open("/", O_PATH | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Checks the output of --help and the like, which no command checks. */
static void check_output(void)
{
	int err = file_error(stdout);

	if (!err)
		return;
	error(0, err, "cannot write the output");
	_exit(cmd_exit_failed);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = doc,
		.children = cmd_help,
	};
	const struct command *command;
	char name[32];
	int at = 0;

	hold_standard_fds();
	/* For wcwidth(): urt prints UTF-8, whatever the user's locale is. */
	setlocale(LC_CTYPE, "C.UTF-8");
	atexit(check_output);
	json_set_alloc_funcs(memory_alloc, free);
	argp_err_exit_status = STATUS_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &at))
		return STATUS_USAGE;
	command = find(argv[at]);
	if (!command) {
		fprintf(stderr, "urt: there is no command '%s'; see 'urt --help'\n",
			argv[at]);
		return STATUS_USAGE;
	}
	snprintf(name, sizeof(name), "urt %s", command->name);
	argv[at] = name;
	program_invocation_name = name;		/* for error() */
	program_invocation_short_name = name;
	return command->run(argc - at, argv + at);
}
