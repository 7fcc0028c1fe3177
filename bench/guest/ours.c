// SPDX-License-Identifier: MIT
/* The cost of reading status and stat, with all kinds of readers. */
#define _GNU_SOURCE
#include "ours.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "children.h"
#include "figures.h"
#include "liburt.h"
#include "refresh.h"
#include "samples.h"
#include "urt.h"

#define READERS 10
#define STAT_READERS 2
#define LINE 160		/* no line of either is longer */

static struct set set;
static char *text;
static size_t text_size, length;
static int status[READERS], stat_[STAT_READERS];
static struct urt *library;
static struct urt_snapshot snapshot;

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}

static void open_files(void)
{
	for (int i = 0; i < READERS; i++)
		status[i] = open_file(URT_STATUS_PATH);
	for (int i = 0; i < STAT_READERS; i++)
		stat_[i] = open_file(URT_STAT_PATH);
	library = urt_open_system();
	must(library);
}

static void close_files(void)
{
	for (int i = 0; i < READERS; i++)
		close(status[i]);
	for (int i = 0; i < STAT_READERS; i++)
		close(stat_[i]);
	urt_close(library);
}

void ours_open(const struct set *s)
{
	set = *s;
	text_size = set.count * LINE + 4096;
	text = malloc(text_size);
	must(text);
	memset(text, 0, text_size);
	open_files();
}

void ours_close(void)
{
	close_files();
	urt_snapshot_free(&snapshot);
	free(text);
}

/* --- registering --- */

static void print_registering(uint64_t *costs)
{
	int last = set.count < 100 ? set.count : set.count / 10;
	uint64_t all = 0;
	char column[16];

	snprintf(column, sizeof(column), "%d", set.count);
	for (int i = 0; i < set.count; i++)
		all += costs[i];
	figure("register", "average of all", column, (double)all / set.count,
	       "instructions");
	figure("register", "median of the last tenth", column,
	       median(costs + set.count - last, last), "instructions");
}

/*
 * Uses a write() for each PID. Nearly all are registered when the last ones
 * come.
 */
void ours_register(bool print)
{
	uint64_t *costs = calloc(set.count, sizeof(*costs)), begin;
	int fd = open(URT_STATUS_PATH, O_WRONLY | O_CLOEXEC), len;
	char word[16];

	must(costs && fd >= 0);
	rest();
	for (int i = 0; i < set.count; i++) {
		len = snprintf(word, sizeof(word), "%d\n", set.pids[i]);
		begin = tsc();
		must(write(fd, word, len) == len);
		costs[i] = since(begin);
	}
	close(fd);
	if (print)
		print_registering(costs);
	free(costs);
}

/* --- reading --- */

static void read_text(int fd)
{
	ssize_t n;

	length = 0;
	while ((n = pread(fd, text + length, text_size - length, length)) > 0)
		length += n;
	must(!n && length && length < text_size);
}

static uint64_t cost_of_read(int fd)
{
	uint64_t begin;

	rest();
	begin = tsc();
	read_text(fd);
	return since(begin);
}

static uint64_t cost_of_opened_read(const char *path)
{
	uint64_t begin;
	int fd;

	rest();
	begin = tsc();
	fd = open(path, O_RDONLY);
	read_text(fd);
	close(fd);
	return since(begin);
}

static const char *number(const char *at, uint64_t *value)
{
	uint64_t n = 0;

	while ((unsigned char)(*at - '0') < 10)
		n = n * 10 + (*at++ - '0');
	*value = n;
	return at;
}

/* Parses status as a program does that needs two numbers of each line. */
static uint64_t cost_of_parsing(void)
{
	uint64_t pids = 0, sum = 0, begin, pid, ms, cost;
	const char *at = text;
	int lines = 0;

	rest();
	begin = tsc();
	while (*at) {
		at = number(number(at, &pid) + 2, &ms) + 1;
		pids += pid;
		sum += ms;
		lines++;
	}
	cost = since(begin);
	must(lines == set.count && pids && sum);
	return cost;
}

uint64_t liburt_cost(struct urt *urt, struct urt_snapshot *into)
{
	uint64_t begin, cost;
	int failed;

	rest();
	begin = tsc();
	failed = urt_snapshot(urt, into);
	cost = since(begin);
	must(!failed && into->count == (size_t)set.count);
	return cost;
}

/*
 * The first reader of a generation renders the text, and the others share it.
 */
static uint64_t refresh_and_first(const char *refresh_row,
				  const char *read_row, const char *both)
{
	uint64_t refresh = refresh_measure(status[0]);
	uint64_t first = cost_of_read(status[0]);

	if (refresh_row)
		note(refresh_row, refresh);
	if (read_row)
		note(read_row, first);
	note(both, refresh + first);
	return refresh + first;
}

void ours_sample_few(const char *both)
{
	refresh_and_first(NULL, NULL, both);
}

void ours_sample(void)
{
	uint64_t further = 0, both;

	both = refresh_and_first("refresh", "status first read",
				 "refresh + status first read");
	for (int i = 1; i < READERS; i++)
		further += cost_of_read(status[i]);
	note("status further reader", further / (READERS - 1));
	note("refresh + 10 status readers", both + further);
	text[length] = '\0';
	note("parsing status", cost_of_parsing());

	note("stat first read", cost_of_read(stat_[0]));
	note("stat further reader", cost_of_read(stat_[1]));
	note("stat further reader and liburt's parsing",
	     liburt_cost(library, &snapshot));

	/* No other file is open, so that no text is shared. */
	close_files();
	note("status open-read-close", cost_of_opened_read(URT_STATUS_PATH));
	note("stat open-read-close", cost_of_opened_read(URT_STAT_PATH));
	open_files();
}

/*
 * Return: the CPU time of all together, ns. The tick must have seen most of
 * them in both modes, so that the most expensive path is measured.
 */
uint64_t ours_total(void)
{
	uint64_t total = 0;
	int both = 0;

	liburt_cost(library, &snapshot);
	for (size_t i = 0; i < snapshot.count; i++) {
		both += snapshot.processes[i].utime_ns &&
			snapshot.processes[i].stime_ns;
		total += snapshot.processes[i].utime_ns +
			 snapshot.processes[i].stime_ns;
	}
	must(both >= set.count - set.count / 20);
	return total;
}
