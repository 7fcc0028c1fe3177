/* SPDX-License-Identifier: MIT */
/* Which processes a command is about: -p PID,... --tree PID,... -C NAME --all */
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
	/* --all: those that are registered as trees, as of the latest look. */
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
/* The same for an argument of a command: its number, or wrong usage. */
void select_argument(struct selection *selection, const char *arg, int flags,
		     struct argp_state *state);
void select_name(struct selection *selection, const char *name, int flags);
void select_all(struct selection *selection);

/*
 * For who waits for processes to end: reaps our own children. There are some
 * where a shell started them and then became urt by exec, as sh -c does for its
 * last command.
 */
void select_reap(void);

/*
 * Registers them all; what cannot be is said on standard error.
 * Return: whether all could be; *added says whether any could (may be NULL).
 */
bool select_register(struct selection *selection, struct urt *u,
		     bool *added);

/*
 * Registers who has one of the names now, and with --all what has come in from
 * outside since the last time; nobody is no failure.
 * *failed: how many could not be registered. Return: 0, or the errno of one;
 * EPERM only if that is the errno of all.
 */
int select_names(struct selection *selection, struct urt *u,
		 uint64_t *failed);

/*
 * With --all: registers what has come into this PID namespace from outside since
 * the last time. Return: 0, or the errno of one that could not be registered.
 */
int select_entered(struct selection *selection, struct urt *u);

/* Why there is no /proc/urt, and what to do. */
const char *select_absent(void);

/*
 * urt_open() or urt_open_system(), with a message for who cannot.
 * Return: NULL then.
 */
struct urt *select_open(struct urt *(*open_it)(void));

#endif
