/* SPDX-License-Identifier: MIT */
/*
 * The processes that a command is about: -p PID,... --tree PID,... -C NAME
 * --all
 */
#ifndef SELECT_H
#define SELECT_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <liburt.h>

struct selected {
	bool all;		/* --all: the trees of all roots */
	const char *name;	/* -C: all processes of that name */
	pid_t pid;		/* else: this one */
	int flags;		/* of urt_add() */
};

struct selection {
	struct selected *items;
	size_t count;
	/* --all: roots that were registered as trees, as of the latest look. */
	struct root *roots;
	size_t roots_count;
};

void select_free(struct selection *selection);

/*
 * A child for a command's argp: options -p, --tree, -C and --all. At ARGP_KEY_INIT the
 * command sets state->child_inputs[0] to a zeroed struct selection.
 */
extern const struct argp select_argp;

void select_pid(struct selection *selection, pid_t pid, int flags);
/* Selects an argument of a command. If it is no PID, reports wrong usage. */
void select_argument(struct selection *selection, const char *arg, int flags,
		     struct argp_state *state);
void select_name(struct selection *selection, const char *name, int flags);
void select_all(struct selection *selection);

/*
 * For commands that wait for the end of processes: reaps our own children. We
 * have children if a shell started them and then became urt by exec, as sh -c
 * does for its last command.
 */
void select_reap(void);

/*
 * Registers the selection. Reports each failure on standard error.
 * Return: whether all could be registered. *added says whether any could be;
 * added may be NULL.
 */
bool select_register(struct selection *selection, struct urt *u,
		     bool *added);

/*
 * Registers the processes that have one of the names now. With --all, registers
 * the processes that entered from outside since the last call. To find no
 * process is no failure. *failed says how many could not be registered.
 * Return: 0, or the errno of one failure; EPERM only if all failed with EPERM.
 */
int select_names(struct selection *selection, struct urt *u,
		 uint64_t *failed);

/*
 * With --all: registers the processes that entered this PID namespace from
 * outside since the last call. Return: 0, or the errno of one that could not be
 * registered.
 */
int select_entered(struct selection *selection, struct urt *u);

/* Explains why there is no /proc/urt, and what to do. */
const char *select_absent(void);

/*
 * Calls urt_open() or urt_open_system(). On failure prints a message.
 * Return: NULL on failure.
 */
struct urt *select_open(struct urt *(*open_it)(void));

#endif
