// SPDX-License-Identifier: MIT
#include "command.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

int cmd_exit_failed = STATUS_FAILED;

const char *cmd_version(void)
{
	const char *blank = strchr(argp_program_version, ' ');

	return blank ? blank + 1 : argp_program_version;
}

error_t cmd_parse_help(int key, struct argp_state *state)
{
	if (key != 'h')
		return ARGP_ERR_UNKNOWN;
	argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	return 0;
}

static error_t parse_help(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	return cmd_parse_help(key, state);
}

static const struct argp_option help_options[] = { OPTION_HELP, { 0 } };
static const struct argp help_argp = {
	.options = help_options,
	.parser = parse_help,
};
const struct argp_child cmd_help[] = {
	{ &help_argp, 0, NULL, 0 },
	{ 0 }
};
