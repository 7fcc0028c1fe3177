/* SPDX-License-Identifier: MIT */
/* What urt run says in the end. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "output.h"
#include "tally.h"

struct summary {
	struct output output;
	const char *html;	/* files of these kinds, too; or NULL */
	const char *svg;
	bool each;
	unsigned int top;	/* rows; 0: all */
	char **command;
	int status;		/* of wait(2) */
	uint64_t real_ns;	/* to the end of all that is counted */
	uint64_t command_ns;	/* to the end of the command; 0: not known */
	uint64_t start_ns;	/* CLOCK_BOOTTIME */
	time_t time;		/* of the start, since 1970; 0: not known */
	unsigned int cpus;	/* in use at the start; 0: not known */
	uint64_t unseen;	/* run still, but had no place in the map */
	bool blind;		/* there was no map: what runs still is not known */
	const char *host;	/* where it ran, and with which urt; NULL: not known */
	const char *directory;
	const char *version;
};

/* Sorts the tally. */
void summary_print(struct summary *summary, struct tally *tally);

#endif
