/* SPDX-License-Identifier: MIT */
/*
 * The picture of a run: its processes as a tree, each with a place to draw it.
 * The HTML page (html.h) and the SVG (svg.h) use this.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "format.h"
#include "summary.h"
#include "tally.h"

#define NO_BAR SIZE_MAX

/* A process: a bar from its start to its end. Moments are since the run's start. */
struct bar {
	const struct tally_process *process;
	uint64_t start_ns;
	uint64_t end_ns;	/* so far, if it still runs */
	size_t parent;		/* NO_BAR: not in the picture */
	size_t size;		/* bars of its subtree, with itself */
	size_t depth;
	size_t lane;		/* 0 is the uppermost */
	size_t name;		/* index of tally->names */
	bool chain;
};

struct picture {
	const struct summary *summary;
	const struct tally *tally;
	char *command;		/* in one line that can be shown */
	char *place;		/* host, directory, urt; empty: unknown */
	struct bar *bars;	/* each before its children, these by their start */
	size_t count;
	size_t lanes;
	uint64_t end_ns;	/* end of all that is shown */
	size_t failed;		/* bars whose status is not 0 */
};

/* Sorts the tally, which must have the processes one by one. */
struct picture *picture_new(const struct summary *summary,
			    struct tally *tally);
void picture_free(struct picture *picture);

static inline bool bar_failed(const struct bar *bar)
{
	return !bar->process->running && bar->process->status > 0;
}

static inline uint64_t bar_cpu(const struct bar *bar)
{
	return bar->process->utime_ns + bar->process->stime_ns;
}

/*
 * The heat of so much CPU time in so much time: 0 means that it waited,
 * HEAT_FULL that it used one CPU all the time, HEAT_MORE that it used more.
 */
#define HEAT_FULL 8
#define HEAT_MORE 9
unsigned int picture_heat(double cpu_ns, double ns);

/* Notes about values that are missing or incomplete. The caller frees them. */
#define NOTES_MAX 5
size_t picture_notes(const struct picture *picture, char *notes[NOTES_MAX]);

/* The status of the command for people: "exit 0", "SIGKILL". */
const char *picture_status(const struct picture *picture,
			   char buffer[STATUS_SIZE + sizeof("exit ")]);

#define DATE_SIZE 64
/* The local time of the start; "" if it is unknown. */
const char *picture_date(const struct picture *picture,
			 char buffer[DATE_SIZE]);

/*
 * Gives each bar a lane. Children are below their parent. Bars that do not
 * overlap in time may share a lane. Called by picture_new().
 */
void picture_lanes(struct picture *picture);

/*
 * Marks the critical chain: the processes that the run waited for. It begins
 * with the command. Of the command's children it contains the one that ended
 * last, before it the one that ended last before this one began, and so on. The
 * same rule selects among the children of each of these. A child that outlives
 * its parent is not in the chain. Called by picture_new().
 */
void picture_chain(struct picture *picture);

#endif
