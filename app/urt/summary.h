/* SPDX-License-Identifier: MIT */
/* The report at the end of urt run. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "output.h"
#include "tally.h"

struct summary {
	struct output output;
	const char *html;	/* files of these kinds; or NULL */
	const char *svg;
	bool each;
	unsigned int top;	/* rows; 0: all */
	char **command;
	int status;		/* of wait(2) */
	uint64_t real_ns;	/* to the end of all counted processes */
	uint64_t command_ns;	/* to the end of the command; 0: unknown */
	uint64_t start_ns;	/* CLOCK_BOOTTIME */
	time_t time;		/* start since 1970; 0: unknown */
	unsigned int cpus;	/* in use at the start; 0: unknown */
	uint64_t unseen;	/* they still run, without room in the map */
	bool blind;		/* no map: running processes are unknown */
	const char *host;	/* where it ran, and with which urt; NULL: not known */
	const char *directory;
	const char *version;
};

/* Sorts the tally. */
void summary_print(struct summary *summary, struct tally *tally);

#endif
