/* SPDX-License-Identifier: MIT */
/*
 * Parts of register_and_poll that any command needs: options, messages,
 * signals.
 */
#ifndef CLI_H
#define CLI_H

#include <signal.h>
#include <stdbool.h>

#include "burn.h"

/* Exit statuses. */
enum { AGREE, DISAGREE, USAGE, NO_START };

struct options {
	const char *status;	/* the file; stat is beside it */
	const char *stat;
	bool quiet;
	struct burn burn;
};

/* Exits after --help and after a wrong option. */
void parse_options(int argc, char **argv, struct options *options);

double seconds_since_start(void);

/* Explains an error of the module's files, and says what to do about it. */
const char *advise(int err);

/* The signal that was caught, or 0. */
extern volatile sig_atomic_t caught;

/*
 * From now on, SIGINT and SIGTERM are blocked. They are caught only in
 * signal_came() and while ppoll(2) sleeps with the old mask.
 */
void catch_signals(sigset_t *old);
/*
 * Lets pending signals in. ppoll(2) does not let them in if it need not sleep.
 * Return: whether a signal was caught. At the end, exit(3) dies of that signal,
 * so that our parent sees which signal ended us.
 */
bool signal_came(const sigset_t *old);

/* Return: status, or another exit status if the output could not be written. */
int finish_output(int status);

#endif
