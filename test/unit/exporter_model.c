// SPDX-License-Identifier: MIT
/*
 * Tests of urt exporter's counters and their text, without a kernel. The model
 * gets made-up processes whose times are known. TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exporter/metrics.h"
#include "exporter_world.h"

int cmd_exit_failed = STATUS_FAILED;

/* --- tests --- */

static void test_history(void)
{
	begin(10);
	row(2, SEC, "old");
	look_again(&registry, 100 * SEC, 0);
	number(used("old"), 0, "what was used before it was seen is not counted");
	look_again(&registry, 103 * SEC, SEC);
	number(used("old"), 4 * SEC, "what is used since then is");
	row(3, 12 * SEC + SEC / 2, "new")->utime_ns = SEC / 4;
	look(&registry);
	number(used("new"), SEC / 4, "one that began meanwhile counts in full");
	exporter_model_free(&model);
}

static void test_exit(void)
{
	begin(10);
	row(2, 10 * SEC, "worker");
	look_again(&registry, SEC, SEC);
	rows[0].state = 'X';
	look_again(&registry, 2 * SEC, SEC);
	number(used("worker"), 3 * SEC, "its final value counts");
	number(group("worker")->exits, 1, "its exit counts");
	number(group("worker")->living, 0, "it does not live any more");
	look(&registry);
	number(group("worker")->exits, 1, "once, however long it is shown");
	snapshot.count = 0;
	look(&registry);
	look(&registry);
	number(model.count, 0, "it is forgotten when it is gone");
	number(used("worker"), 3 * SEC, "its name keeps what it has used");
	number(model.vanished, 0, "it has not vanished");
	row(3, 15 * SEC, "worker")->utime_ns = SEC;
	look(&registry);
	number(used("worker"), 4 * SEC, "its successor adds to that");
	exporter_model_free(&model);
}

static void test_reuse(void)
{
	begin(10);
	row(2, 10 * SEC, "a");
	look_again(&registry, 5 * SEC, 0);
	snapshot.count = 0;
	row(2, 11 * SEC, "a")->utime_ns = SEC;
	look(&registry);
	number(used("a"), 6 * SEC, "a number used again is another process");
	look(&registry);
	look(&registry);
	number(model.vanished, 1, "the first, without a final value, vanished");
	exporter_model_free(&model);
}

static void test_twice(void)
{
	begin(10);
	row(2, 10 * SEC, "a");
	look_again(&registry, 4 * SEC, 2 * SEC);
	look_again(&session, 3 * SEC, 3 * SEC);
	number(used("a"), 6 * SEC, "registered twice, it counts once");
	look_again(&session, 3 * SEC, 4 * SEC);
	number(used("a"), 7 * SEC, "divided differently, the total is right");
	look_again(&registry, 4 * SEC, 2 * SEC);
	number(used("a"), 7 * SEC, "an older value takes nothing away");
	number(group("a")->utime_ns, 4 * SEC, "an older value changes neither user nor system time");
	record(2, 10 * SEC, 5 * SEC, 5 * SEC, "a");
	look_again(&registry, 4 * SEC, 2 * SEC);
	rows[0].state = 'X';
	look_again(&registry, 5 * SEC, 5 * SEC);
	number(used("a"), 10 * SEC, "a record and a final value count once");
	number(group("a")->exits, 1, "a record and a final value are one exit");
	exporter_model_free(&model);
}

static void test_record(void)
{
	begin(10);
	record(5, 10 * SEC, SEC, SEC, "short");
	number(used("short"), 2 * SEC, "one that only its record tells of counts");
	row(5, 10 * SEC, "short");
	look_again(&session, 0, 0);
	number(used("short"), 2 * SEC, "an older snapshot does not bring it back");
	number(group("short")->living, 0, "an older snapshot brings nobody back to life");
	record(6, SEC, 50 * SEC, 0, "old");
	number(used("old"), 0, "one that had begun long before does not");
	exporter_model_free(&model);
}

static void test_lost(void)
{
	struct urt_record missed = { .type = URT_MISSED, .count = 7 };

	begin(10);
	snapshot.lost = 3;
	look(&registry);
	number(registry.lost, 3, "the registry of all says how many were lost");
	snapshot.lost = 0;
	exporter_model_record(&model, &session, &missed);
	look(&session);
	exporter_model_record(&model, &session, &missed);
	look(&session);
	number(session.lost, 14, "a session's records do, and no look forgets it");
	exporter_model_free(&model);
}

/* For some looks, one more process is registered than the map has room for. */
static void look_full(unsigned int looks)
{
	while (looks--) {
		snapshot.generation++;
		snapshot.time_ns += SEC;
		snapshot.registered = snapshot.count + 1;
		exporter_model_begin(&model);
		exporter_model_snapshot(&model, &session, &snapshot,
					snapshot.time_ns);
		exporter_model_end(&model);
	}
}

static void test_unseen(void)
{
	begin(10);
	row(2, 10 * SEC, "a");
	look(&session);
	look_full(10);
	number(session.unseen, 1, "who has no room in the map is told of");
	record(9, 12 * SEC, 5 * SEC, SEC, "unseen");
	number(used("unseen"), 6 * SEC, "its record has all that it used");
	number(group("unseen")->exits, 1, "its exit counts");
	look_full(10);
	row(8, 25 * SEC, "late")->utime_ns = 4 * SEC;
	look(&session);
	number(used("late"), 4 * SEC, "all of one that gets room later counts");
	record(7, 20 * SEC, 5 * SEC, 0, "never");
	number(used("never"), 5 * SEC, "all of one that never got room counts");
	record(6, 5 * SEC, 5 * SEC, 0, "old");
	number(used("old"), 0, "one that began before the exporter does not count");
	exporter_model_free(&model);
}

static void test_name(void)
{
	begin(10);
	row(2, 10 * SEC, "sh");
	look_again(&registry, SEC, 0);
	snprintf(rows[0].comm, sizeof(rows[0].comm), "make");
	look_again(&registry, 3 * SEC, 0);
	number(used("sh"), SEC, "after exec the old name keeps what it had");
	number(used("make"), 2 * SEC, "the new one gets the rest");
	number(group("sh")->living, 0, "nobody has the old name");
	number(group("make")->oldest_ns, 10 * SEC, "the start is the process's");
	exporter_model_free(&model);
}

/* The system registry is older than the session. */
static void test_older(void)
{
	begin(1);
	row(2, 10 * SEC, "make");
	look_again(&session, 3 * SEC, 0);
	snprintf(rows[0].comm, sizeof(rows[0].comm), "sh");
	rows[0].threads = 7;
	look_again(&registry, 2 * SEC, 0);
	number(group("make")->threads, 1, "an older row takes no threads back");
	number(model.left_out, 0, "an older row takes no name back");
	number(used("make"), 3 * SEC, "the newer name has all that was used");
	exporter_model_free(&model);
}

static void test_generations(void)
{
	begin(10);
	snapshot.generation = 41;
	row(2, 10 * SEC, "a");
	look(&registry);
	number(model.missed_generations, 0, "the first look misses nothing");
	snapshot.generation += 3;
	look(&registry);
	number(model.missed_generations, 3, "refreshes it came too late for count");
	exporter_model_absent(&registry, snapshot.time_ns);
	snapshot.generation = 0;
	look(&registry);
	look(&registry);
	number(model.missed_generations, 3, "a module that is new missed none");
	number(used("a"), 0, "with a module that is new nothing jumps");
	exporter_model_free(&model);
}

static void test_names_max(void)
{
	begin(2);
	row(2, 10 * SEC, "a")->utime_ns = SEC;
	row(3, 10 * SEC, "b")->utime_ns = SEC;
	row(4, 10 * SEC, "c")->utime_ns = 2 * SEC;
	row(5, 10 * SEC, "d")->utime_ns = 3 * SEC;
	look(&registry);
	number(model.groups_count, 2, "there are as many names as there may be");
	number(model.other->utime_ns, 5 * SEC, "the rest counts together");
	number(model.other->living, 2, "the rest lives together");
	number(model.left_out, 2, "how many that are is told");
	exporter_model_free(&model);
}

/* --- a long random history --- */

#define LIVES 24U

struct life {
	struct urt_process p;
	bool in_registry, in_session;
};

static uint32_t seed = 1;

static uint32_t chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void live(struct life *life, pid_t *last_pid, uint64_t *truth)
{
	if (!life->p.pid) {
		life->p = (struct urt_process){
			/* Numbers are soon used again. */
			.pid = 2 + (*last_pid)++ % 40, .state = 'R',
			.threads = 1, .start_ns = snapshot.time_ns + SEC / 2,
		};
		life->in_session = chance(2);
		life->in_registry = !life->in_session || chance(2);
	}
	snprintf(life->p.comm, sizeof(life->p.comm), "n%u", chance(5));
	life->p.utime_ns += chance(1000);
	life->p.stime_ns += chance(1000);
	if (chance(4))
		return;
	life->p.state = 'X';
	*truth += life->p.utime_ns + life->p.stime_ns;
}

static uint64_t sum(void)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < model.groups_count; i++)
		all += model.groups[i]->utime_ns + model.groups[i]->stime_ns;
	return all;
}

static void show(const struct life *lives, bool session_too)
{
	size_t i;

	snapshot.count = 0;
	for (i = 0; i < LIVES; i++) {
		if (session_too ? lives[i].in_session && lives[i].p.state != 'X'
				: lives[i].in_registry)
			rows[snapshot.count++] = lives[i].p;
	}
	snapshot.registered = snapshot.count;
	exporter_model_snapshot(&model, session_too ? &session : &registry,
				&snapshot, snapshot.time_ns);
}

static void tell_records(const struct life *lives)
{
	size_t i;

	for (i = 0; i < LIVES; i++) {
		const struct urt_process *p = &lives[i].p;

		if (lives[i].in_session && p->state == 'X')
			record(p->pid, p->start_ns, p->utime_ns, p->stime_ns,
			       p->comm);
	}
}

static void bury(struct life *lives)
{
	size_t i;

	for (i = 0; i < LIVES; i++) {
		if (lives[i].p.state == 'X')
			lives[i].p.pid = 0;
	}
}

static void test_chance(void)
{
	struct life lives[LIVES] = { 0 };
	uint64_t truth = 0, before[5] = { 0 };
	pid_t last_pid = 0;
	bool forward = true;
	char name[16];
	unsigned int turn, i;

	begin(10);
	for (turn = 0; turn < 2000; turn++) {
		for (i = 0; i < LIVES; i++)
			live(&lives[i], &last_pid, &truth);
		snapshot.generation++;
		snapshot.time_ns += SEC;
		/* The order of the two sources is random. */
		if (chance(2))
			tell_records(lives);
		exporter_model_begin(&model);
		show(lives, false);
		tell_records(lives);
		show(lives, true);
		exporter_model_end(&model);
		bury(lives);
		for (i = 0; i < 5; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			forward &= used(name) >= before[i];
			before[i] = used(name);
		}
	}
	for (i = 0; i < LIVES; i++)
		truth += lives[i].p.pid ?
			 lives[i].p.utime_ns + lives[i].p.stime_ns : 0;
	number(sum(), truth, "2000 looks at a crowd count every nanosecond");
	tap(forward, "in 2000 looks no counter goes back", "one did");
	number(model.vanished, 0, "in 2000 looks nobody vanishes");
	tap(model.count < 4UL * LIVES, "in 2000 looks those gone are forgotten",
	    "they are not");
	exporter_model_free(&model);
}

/* --- as text --- */

static void label(const char *comm, const char *want, const char *claim)
{
	char buffer[EXPORTER_LABEL_SIZE], text[2 * EXPORTER_LABEL_SIZE];
	const char *seen = exporter_text_label(buffer, comm);

	snprintf(text, sizeof(text), "want '%s', saw '%s'", want, seen);
	tap(!strcmp(seen, want), claim, text);
}

static void test_labels(void)
{
	char longest[EXPORTER_NAME_MAX + 1];

	label("nginx: w", "nginx: w", "a label is the name");
	label("a\"b\nc", "a\\\"b\\nc", "quotes, newlines");
	label("a\\033b", "a\\\\134033b", "backslashes are no control characters");
	label("\033[1m\377", "\\\\033[1m\\\\377", "control characters, no UTF-8");
	label("caf\303\251", "caf\303\251", "UTF-8 stays");
	memset(longest, '\377', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	tap(strlen(exporter_text_label((char[EXPORTER_LABEL_SIZE]){ 0 },
				      longest)) == EXPORTER_LABEL_SIZE - 1,
	    "the longest has room", "it has not");
}

static bool has(const struct exporter_text *text, const char *line)
{
	return strstr(text->at, line);
}

static void test_pids(void)
{
	struct exporter_facts facts = {
		.system = &registry, .pids_max = 2, .epoch_ns = 1000 * SEC,
		.version = "1", .module = "2",
	};
	struct exporter_text text = { 0 };

	begin(10);
	row(2, 10 * SEC + 5, "a")->utime_ns = SEC + 7;
	row(3, 10 * SEC, "b");
	row(4, 10 * SEC, "c");
	look(&registry);
	exporter_metrics_write(&text, &model, &facts);
	text.at[text.length - 1] = '\0';
	tap(has(&text, "\nurt_pid_cpu_user_seconds_total{pid=\"2\",start=\"10.000000005\",comm=\"a\"} 1.000000007\n"),
	    "one by one, with number, start and name", text.at);
	tap(has(&text, "\nurt_exporter_pids_left_out 1") &&
	    !has(&text, "pid=\"4\""), "as many as there may be", text.at);
	tap(has(&text, "\nurt_process_start_time_seconds{comm=\"a\"} 1010.000000005\n"),
	    "starts are told since the epoch", text.at);
	free(text.at);
	exporter_model_free(&model);
}

int main(void)
{
	tap_about = "urt exporter";
	test_history();
	test_exit();
	test_reuse();
	test_twice();
	test_record();
	test_lost();
	test_unseen();
	test_name();
	test_older();
	test_generations();
	test_names_max();
	test_chance();
	test_labels();
	test_pids();
	return tap_done();
}
