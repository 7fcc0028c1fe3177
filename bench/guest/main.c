// SPDX-License-Identifier: MIT
/*
 * Runs in a guest under -icount with one CPU and prints what samples of many
 * processes cost, in instructions of the whole machine:
 *
 *	bench WORD...
 *
 *	peers=NAME[,NAME]...	compares with these only
 *	N[,N]...	samples of so many processes
 *	threads		samples of one process of many threads
 *	tables[=NAME[,NAME]...]	the further tables (tables.c), or these
 *	profile		forks for the profile, prints its phases
 *
 * Every figure is a line "TABLE,ROW,COLUMN,VALUE,UNIT"; remarks begin with "#".
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../peers/peers.h"
#include "base.h"
#include "children.h"
#include "figures.h"
#include "forks.h"
#include "ours.h"
#include "phases.h"
#include "refresh.h"
#include "rounds.h"
#include "samples.h"
#include "tables.h"
#include "threads.h"

#define PROCESSES_MAX 20000
#define DESCRIPTORS (8ul * PROCESSES_MAX)

/* After its start the kernel has some work to do. */
static void settle(void)
{
	const struct timespec nap = { .tv_sec = 3 };

	must(!nanosleep(&nap, NULL));
}

/* --- the main table --- */

static void measure_state(const char *table, int count, bool run)
{
	char column[16];

	rounds_measure(run);
	rounds_measure_more(run);
	snprintf(column, sizeof(column), "%d", count);
	for (int i = 0; i < notes_count(); i++)
		figure(table, notes_row(i), column, notes_median(i) / count,
		       "instructions");
	fflush(stdout);
}

static void samples_of(int count)
{
	const pid_t *pids = children_start(count);
	const struct set set = {
		.pids = pids, .count = count, .ids = pids, .nr_ids = count,
	};

	rounds_open(&set);
	ours_register(true);
	measure_state("idle", count, false);
	measure_state("running", count, true);
	rounds_close();
	children_end();
}

static void do_word(char *word)
{
	if (!strncmp(word, "peers=", 6)) {
		peers_choose(word + 6);
	} else if (!strcmp(word, "threads")) {
		threads_measure();
	} else if (!strcmp(word, "tables")) {
		tables_measure(NULL);
	} else if (!strncmp(word, "tables=", 7)) {
		tables_measure(word + 7);
	} else if (!strcmp(word, "profile")) {
		forks_profile();
		phases_profile();
	} else {
		for (char *n = strtok(word, ","); n; n = strtok(NULL, ","))
			samples_of(atoi(n));
	}
}

int main(int argc, char **argv)
{
	const struct rlimit limit = { DESCRIPTORS, DESCRIPTORS };
	const struct sched_param param = { };

	must(argc > 1);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	settle();
	calibrate();
	/* Processes of this kind do not preempt the process that wakes them. */
	must(!sched_setscheduler(0, SCHED_BATCH, &param));
	must(!setrlimit(RLIMIT_NOFILE, &limit));
	refresh_init();
	for (int i = 1; i < argc; i++)
		do_word(argv[i]);
	return 0;
}
