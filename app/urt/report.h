/* SPDX-License-Identifier: MIT */
/* What urt run says in the end. */
#ifndef URT_REPORT_H
#define URT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"
#include "tally.h"

struct report {
	struct output output;
	bool each;
	unsigned int top;	/* rows; 0: all */
	char **command;
	int status;		/* of wait(2) */
	uint64_t real_ns;
	uint64_t start_ns;	/* CLOCK_BOOTTIME */
	uint64_t unseen;	/* run still, but had no place in the map */
};

/* Sorts the tally. */
void urt_report_print(struct report *report, struct tally *tally);

#endif
