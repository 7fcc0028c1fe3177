// SPDX-License-Identifier: MIT
/*
 * Tests of urt top's model, without a kernel or a terminal. The model gets
 * made-up processes whose times are known. TAP.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "top/model.h"
#include "top/text.h"

#define MS 1000000ULL
#define SEC 1000000000ULL

static const struct top_order by_cpu = { .key = TOP_CPU, .filter = "" };

static void number(double seen, double want, const char *claim)
{
	char text[64];

	snprintf(text, sizeof(text), "want %g, saw %g", want, seen);
	tap(seen > want - 0.001 && seen < want + 0.001, claim, text);
}

static void string(const char *seen, const char *want, const char *claim)
{
	char text[512];

	snprintf(text, sizeof(text), "want '%s', saw '%s'", want, seen);
	tap(!strcmp(seen, want), claim, text);
}

/* --- a world of made-up processes --- */

static struct urt_process processes[16];
static struct urt_snapshot snapshot;
static struct top_model model;

static void begin(bool records)
{
	top_model_init(&model, records, 10 * SEC);
	snapshot = (struct urt_snapshot) {
		.time_ns = 10 * SEC, .processes = processes,
	};
	memset(processes, 0, sizeof(processes));
}

static struct urt_process *born(pid_t pid, pid_t ppid, uint64_t start_ns)
{
	struct urt_process *p = &processes[snapshot.count++];

	*p = (struct urt_process) {
		.pid = pid, .ppid = ppid, .start_ns = start_ns, .state = 'R',
		.threads = 1,
	};
	snprintf(p->comm, sizeof(p->comm), "p%d", pid);
	snapshot.registered = snapshot.count;
	return p;
}

/* Makes the next generation, a second later. */
static void generation(void)
{
	snapshot.generation++;
	snapshot.time_ns += SEC;
	top_model_update(&model, &snapshot);
	top_model_arrange(&model, &by_cpu);
}

static void exits(pid_t pid, uint64_t start_ns, uint64_t utime_ns)
{
	struct urt_record record = {
		.type = URT_EXIT, .count = 1, .pid = pid, .start_ns = start_ns,
		.utime_ns = utime_ns, .ppid = 1, .comm = "gone",
	};

	top_model_record(&model, &record);
}

static struct top_row *row(pid_t pid)
{
	size_t i;

	for (i = 0; i < model.shown_count; i++) {
		if (model.shown[i]->pid == pid)
			return model.shown[i];
	}
	return NULL;
}

/* A row that must be there. */
static struct top_row *shown(pid_t pid)
{
	struct top_row *found = row(pid);

	if (!found) {
		printf("Bail out! there is no row of %d\n", pid);
		exit(1);
	}
	return found;
}

/* The PIDs in the order of the screen. */
static const char *order(const struct top_order *order)
{
	static char text[256];
	size_t i, length = 0;

	top_model_arrange(&model, order);
	*text = '\0';
	for (i = 0; i < model.shown_count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "%s%d/%u", i ? " " : "",
					   model.shown[i]->pid,
					   model.shown[i]->depth);
	return text;
}

/* --- tests --- */

static void test_shares(void)
{
	struct urt_process *old, *new;

	begin(true);
	old = born(2, 1, SEC);
	old->utime_ns = 100 * SEC;
	generation();
	number(shown(2)->history.count, 0,
	       "of one that ran before, the first share is not known");
	old->utime_ns += 300 * MS;
	old->stime_ns += 200 * MS;
	new = born(3, 2, snapshot.time_ns + 1);
	new->utime_ns = 250 * MS;
	generation();
	number(shown(2)->user, 30, "user time of an interval is its share");
	number(shown(2)->system, 20, "system time of an interval is its share");
	number(shown(3)->user, 25, "one born since had all of its time in there");
	number(model.totals.user, 55, "the total is the sum");
	new->utime_ns -= 10 * MS;
	generation();
	number(shown(3)->user, 0, "no share is negative");
	top_model_free(&model);
}

/* A refresh comes between its start and its registration. */
static void test_forked(void)
{
	begin(true);
	generation();
	generation();
	born(3, 2, snapshot.time_ns - MS)->utime_ns = 250 * MS;
	generation();
	number(shown(3)->user, 25, "one that a refresh fell into counts in full");
	exits(4, snapshot.time_ns - MS, 100 * MS);
	generation();
	number(shown(4)->user, 10, "one of which only a record tells counts in full");
	top_model_free(&model);
}

static void test_exits(void)
{
	int i;

	begin(true);
	born(2, 1, SEC)->utime_ns = SEC;
	generation();
	exits(2, SEC, SEC + 400 * MS);
	exits(5, snapshot.time_ns + 1, 100 * MS);
	snapshot.count = 0;
	generation();
	number(shown(2)->user, 40, "an exit's share is what it used since");
	number(shown(5)->user, 10, "one that was never seen alive is shown");
	number(model.totals.user, 50, "both are in the total");
	number((double)model.totals.exited, 2, "both are counted");
	generation();
	number(shown(2)->user, 40, "final values stay");
	number(model.totals.user, 0, "final values do not count twice");
	for (i = 0; i < TOP_FADE; i++)
		generation();
	number((double)model.count, 0, "final values go after some generations");
	number((double)model.totals.cpu.user_ns / (double)MS, 1500,
	       "their time stays in the sum");
	top_model_free(&model);
}

/* Records are read later than the snapshot, so that a process had more time. */
static void test_late_records(void)
{
	struct urt_record record = {
		.type = URT_EXIT, .count = 1, .pid = 2, .start_ns = SEC,
		.utime_ns = 2500 * MS, .ppid = 1, .comm = "late",
	};

	begin(true);
	born(2, 1, SEC)->utime_ns = SEC;
	generation();
	record.runtime_ns = snapshot.time_ns + 1500 * MS - SEC;
	top_model_record(&model, &record);
	snapshot.count = 0;
	generation();
	number(shown(2)->user, 100, "an exit after a refresh has its own time");
	number(model.totals.user, 100, "an exit after a refresh is in a total of its own time");
	generation();
	number(shown(2)->user, 100, "which does not change any more");
	top_model_free(&model);
}

static void test_late_snapshot(void)
{
	begin(true);
	born(2, 1, SEC)->utime_ns = SEC;
	generation();
	exits(2, SEC, SEC + 100 * MS);
	generation();
	tap(shown(2)->exited && model.totals.processes == 0,
	    "a record counts more than a snapshot that still has it", "alive");
	processes[0].start_ns = 5 * SEC;
	generation();
	tap(model.shown_count == 2,
	    "a number that is used again is another process", "one row");
	top_model_free(&model);
}

static void test_lost(void)
{
	struct urt_record lost = {
		.type = URT_LOST, .count = 7, .utime_ns = 2 * SEC,
	};
	struct urt_record missed = { .type = URT_MISSED, .count = 3 };

	begin(true);
	born(2, 1, SEC)->utime_ns = SEC;
	generation();
	snapshot.count = 0;
	top_model_record(&model, &lost);
	top_model_record(&model, &missed);
	generation();
	number(model.totals.user, 100,
	       "what the lost used before is no use of this interval");
	number((double)model.totals.lost, 7, "the lost are counted");
	number((double)model.totals.missed, 3, "the missed are counted");
	top_model_free(&model);
}

static void test_system(void)
{
	struct urt_process *p;

	begin(false);
	p = born(2, 1, SEC);
	p->utime_ns = SEC;
	generation();
	p->utime_ns += 100 * MS;
	p->state = 'X';
	generation();
	tap(shown(2)->exited && model.totals.exited == 1,
	    "in the system registry, state X is the exit", "alive");
	number(shown(2)->user, 10, "an exit has the share of its last interval");
	number(model.totals.user, 10, "an exit's share is in the total");
	generation();
	number((double)model.totals.exited, 1, "an exit is counted once");
	top_model_free(&model);
}

static void test_first_values(void)
{
	begin(true);
	born(2, 1, SEC)->utime_ns = SEC;
	top_model_update(&model, &snapshot);
	processes[0].utime_ns += 500 * MS;
	generation();
	number(shown(2)->user, 50,
	       "values from before the first refresh are a beginning");
	top_model_finish(&model, snapshot.time_ns);
	number((double)model.totals.processes, 0, "after the end nobody is left");
	top_model_free(&model);
}

static void test_order(void)
{
	struct top_order o = { .key = TOP_PID, .filter = "" };

	begin(true);
	born(2, 1, SEC);
	born(3, 2, 2 * SEC);
	born(4, 2, 3 * SEC);
	born(5, 3, 4 * SEC);
	born(6, 99, 5 * SEC);
	generation();
	string(order(&o), "2/0 3/0 4/0 5/0 6/0", "by PID");
	o.reverse = true;
	string(order(&o), "6/0 5/0 4/0 3/0 2/0", "by PID, inverted");
	o.reverse = false;
	o.tree = true;
	string(order(&o), "2/0 3/1 5/2 4/1 6/0", "as a tree");
	o.filter = "P5";
	string(order(&o), "5/0", "only what matches");
	o.filter = "";
	processes[0].ppid = 5;	/* a circle, if believed */
	generation();
	string(order(&o), "2/0 3/1 5/2 4/1 6/0", "a parent is older");
	top_model_free(&model);
}

static void test_depth(void)
{
	struct top_order o = { .key = TOP_PID, .filter = "", .tree = true };
	enum { DEPTH = 20000 };
	static struct urt_process chain[DEPTH];
	char branch[TOP_LINE_SIZE];
	int i;

	begin(true);
	for (i = 0; i < DEPTH; i++)
		chain[i] = (struct urt_process) {
			.pid = i + 1, .ppid = i, .start_ns = (uint64_t)i + 1,
		};
	snapshot.processes = chain;
	snapshot.count = DEPTH;
	generation();
	top_model_arrange(&model, &o);
	number(model.shown[DEPTH - 1]->depth, DEPTH - 1, "a deep tree");
	top_branch(branch, sizeof(branch), model.shown[DEPTH - 1], 9, true);
	string(branch, "…     └─ ", "a deep tree is drawn as far as there is room");
	top_model_free(&model);
}

static void test_many(void)
{
	size_t i, largest = 0;

	begin(true);
	generation();
	for (i = 0; i < 100000; i++) {
		exits((pid_t)i + 2, snapshot.time_ns + i + 1, (i % 977) * MS);
		if (model.count > largest)
			largest = model.count;
	}
	generation();
	number((double)largest, TOP_EXITED_MAX,
	       "100,000 exits take no more rows than there are for them");
	number((double)model.totals.exited, 100000, "all are counted");
	tap(sizeof(struct top_row) * TOP_EXITED_MAX < 512UL * 1024,
	    "rows of exits take half a MiB", "more");
	tap(row(976 + 2) && !row(2), "those that used most are kept",
	    "others are");
	top_model_free(&model);
}

static void test_text(void)
{
	struct top_history history = { .share = { 0, 50, 100, 200 }, .count = 4 };
	char out[TOP_LINE_SIZE];

	number(top_fit(out, sizeof(out), "a\x1b[31m\xff" "b", 80), 8,
	       "controls and bad bytes take a column each");
	string(out, "a?[31m?b", "controls and bad bytes are question marks");
	number(top_fit(out, sizeof(out), "日本語", 5), 4,
	       "a wide character is not cut in half");
	/* Escaped, it misleads no one. NOLINTNEXTLINE(misc-misleading-bidirectional) */
	number(top_fit(out, sizeof(out), "e\xe2\x80\xae", 5), 2,
	       "a character of no width does not turn the text around");
	top_time(out, sizeof(out), 61 * SEC + 7 * MS);
	string(out, "1:01.007", "times of minutes");
	top_time(out, sizeof(out), 5999 * SEC + 999 * MS);
	string(out, "99:59.99", "times of more minutes");
	top_time(out, sizeof(out), 360061 * SEC);
	string(out, "4d04h", "times of days");
	top_spark(out, sizeof(out), &history, 6, true);
	string(out, "  ·▃▅█", "bars as high as the highest");
	top_spark(out, sizeof(out), &history, 3, false);
	string(out, ":+#", "bars in ASCII");
}

static void test_layout(void)
{
	struct top_layout layout;
	unsigned int width, i, sum;

	for (width = 0; width <= TOP_WIDTH_MAX; width++) {
		top_layout(&layout, width, width % 2, 7);
		for (i = 0, sum = 0; i < TOP_COLUMNS; i++)
			sum += layout.width[i] ? layout.width[i] + 1 : 0;
		if (sum != width + !!layout.width[TOP_NAME])
			break;
	}
	number(width, TOP_WIDTH_MAX + 1, "columns fill every width");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	tap_about = "urt top";
	test_shares();
	test_forked();
	test_exits();
	test_late_records();
	test_late_snapshot();
	test_lost();
	test_system();
	test_first_values();
	test_order();
	test_depth();
	test_many();
	test_text();
	test_layout();
	return tap_done();
}
