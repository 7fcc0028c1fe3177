/* SPDX-License-Identifier: MIT */
/* What main.c and the commands of urt share. */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>
#include <sys/types.h>

/* How urt ends, unless a command's --help says otherwise. */
enum {
	STATUS_OK	= 0,
	STATUS_FAILED	= 1,	/* and standard error says why */
	STATUS_USAGE	= 2,
};

/* The exit status if urt itself failed: STATUS_FAILED; run has another one. */
extern int cmd_exit_failed;

/*
 * -h does the same as --help, because many users expect it. Commands with
 * select_argp get it from there. Others add it as a child of their own.
 */
#define OPTION_HELP { NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0 }
error_t cmd_parse_help(int key, struct argp_state *state);
extern const struct argp_child cmd_help[];

/* The version of urt, such as "0.1.0". */
const char *cmd_version(void);

/* argv[0] is "urt COMMAND", for messages. Return: the exit status. */
int cmd_run(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_runtime(int argc, char **argv);
int cmd_add(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_exporter(int argc, char **argv);

#endif
