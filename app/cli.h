/* SPDX-License-Identifier: MIT */
/* What register_and_poll has of any command: options, messages, signals. */
#ifndef CLI_H
#define CLI_H

#include <signal.h>
#include <stdbool.h>

#include "burn.h"

/* Exit statuses. */
enum { AGREE, DISAGREE, USAGE, NO_START };

struct options {
	const char *status;	/* the file, and the one called stat beside it */
	const char *stat;
	bool quiet;
	struct burn burn;
};

/* Exits after --help and after a wrong option. */
void parse_options(int argc, char **argv, struct options *options);

double seconds_since_start(void);

/* What an error of the module's files means, and what to do about it. */
const char *advise(int err);

/* The signal that was caught, or 0. */
extern volatile sig_atomic_t caught;

/*
 * From now on SIGINT and SIGTERM are blocked, and caught where they are not:
 * while ppoll(2) sleeps with the old mask, and in signal_came().
 */
void catch_signals(sigset_t *old);
/*
 * Lets in what is pending: ppoll(2) does not, where it need not sleep.
 * Return: whether a signal was caught. exit(3) dies of that one in the end, so
 * that our parent sees what ended us.
 */
bool signal_came(const sigset_t *old);

/* Return: the exit status, another one if not all could be written. */
int finish_output(int status);

#endif
