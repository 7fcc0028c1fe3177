// SPDX-License-Identifier: MIT
/*
 * Tests urt exporter against a kernel of the tests. Processes start, are
 * searched for, are looked at, are refreshed and exit at every phase, in
 * thousands of histories. The exporter must count what they have used. TAP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exporter/source.h"
#include "exporter_kernel.h"
#include "exporter_world.h"

#undef SEC
#define SEC 1000000000ULL

int cmd_exit_failed = STATUS_FAILED;

static struct exporter_sources sources;
static uint64_t scrape_ns;	/* time between scrapes; 0: none */
static uint64_t counted;	/* of the last history */
static unsigned int histories, wrong;
static char first_wrong[200];

static void sources_begin(unsigned int interval_ms)
{
	sources = (struct exporter_sources){ .interval_ms = interval_ms };
	exporter_model_init(&model, 10);
	sources.system_state.since_ns = kernel_ns;
}

static void follow_name(void)
{
	sources.names.items = calloc(1, sizeof(*sources.names.items));
	sources.names.items[sources.names.count++].name = NAME;
}

static void follow_pid(pid_t pid, int flags)
{
	sources.pids.items = realloc(sources.pids.items,
				     (sources.pids.count + 1) *
				     sizeof(*sources.pids.items));
	sources.pids.items[sources.pids.count++] = (struct selected){
		.pid = pid, .flags = flags,
	};
}

/* Looks as exporter.c does. Return: whether no counter went back. */
static bool look_until(uint64_t end_ns)
{
	uint64_t asked = scrape_ns ? kernel_ns + scrape_ns : NEVER, before = 0;
	bool forward = true;

	exporter_sources_look(&sources, &model);
	while (kernel_ns < end_ns) {
		uint64_t next = sources.next_ns < asked ? sources.next_ns : asked;

		kernel_run(next);
		if (kernel_ns >= asked)
			asked += scrape_ns;
		exporter_sources_records(&sources, &model);
		exporter_sources_look(&sources, &model);
		forward &= used(NAME) >= before;
		before = used(NAME);
	}
	counted = before;
	return forward;
}

static void sources_end(void)
{
	exporter_sources_close(&sources);
	exporter_model_free(&model);
}

/* A history has ended: compares what was counted with what should have been. */
static void judge(bool forward, uint64_t want, uint64_t tolerance,
		  unsigned int exits, const char *what, unsigned long a,
		  unsigned long b, unsigned long c)
{
	uint64_t off = counted > want ? counted - want : want - counted;
	bool good = forward && off <= tolerance &&
		    group(NAME)->exits == exits && !model.vanished;

	histories++;
	wrong += !good;
	if (!good && wrong == 1)
		snprintf(first_wrong, sizeof(first_wrong),
			 "%s %lu, %lu, %lu ms: want %.4f s, %u exits, saw %.4f s, %u exits, %u vanished%s",
			 what, a, b, c, (double)want / 1e9, exits,
			 (double)counted / 1e9,
			 (unsigned int)group(NAME)->exits,
			 (unsigned int)model.vanished,
			 forward ? "" : ", and a counter went back");
	sources_end();
}

static void conclude(const char *claim)
{
	char text[300];

	snprintf(text, sizeof(text), "%u of %u; the first: %s", wrong,
		 histories, first_wrong);
	tap(histories && !wrong, claim, text);
	printf("# %u histories\n", histories);
	histories = 0;
	wrong = 0;
}

/* --- tests --- */

static const uint64_t graces[] = { 0, 5 * MS, 700 * MS };

/*
 * One alone; one beside another that lives all the time; a crowd that comes and
 * goes.
 */
enum company { ALONE, ONE_OLD, CROWD };

static uint64_t keep_company(enum company company, uint64_t *exits)
{
	uint64_t sum = 0;
	uint64_t i;

	*exits = 0;
	if (company == ONE_OLD)
		kernel_life(kernel_ns - 50 * SEC, 500 * SEC)->busy_ns = SEC;
	for (i = 0; company == CROWD && i < 8; i++) {
		struct life *life = kernel_life(kernel_ns + 2300 * MS * i,
						2100 * MS + 777 * MS * i);

		life->tree = true;
		sum += life->busy_ns;
		(*exits)++;
	}
	return sum;
}

static void come_again(bool by_tree, unsigned int interval_ms,
		       enum company company, uint64_t grace, uint64_t phase,
		       uint64_t length)
{
	struct life *life;
	uint64_t want, exits;
	bool forward;

	kernel_begin(grace, by_tree);
	sources_begin(interval_ms);
	if (by_tree)
		follow_pid(1, URT_TREE);
	else
		follow_name();
	want = keep_company(company, &exits);
	life = kernel_life(kernel_ns + phase, length);
	life->tree = true;
	exporter_sources_open(&sources, &model);
	forward = look_until(kernel_ns + 40 * SEC);
	judge(forward, want + length, 0, (unsigned int)exits + 1,
	      by_tree ? "tree: phase, length, grace" :
			"name: phase, length, grace",
	      phase / MS, length / MS, grace / MS);
}

static void test_come_again(bool by_tree, const char *claim)
{
	unsigned int company, grace;
	uint64_t phase, length;

	for (company = ALONE; company <= CROWD; company++)
		for (grace = 0; grace < 3; grace++)
			for (phase = 0; phase < 6000 * MS; phase += 237 * MS)
				for (length = 2150 * MS; length < 9 * SEC;
				     length += 911 * MS)
					come_again(by_tree, 2000, company,
						   graces[grace], phase,
						   length);
	conclude(claim);
}

static void test_scraped(void)
{
	static const uint64_t scrapes[] = { 130 * MS, 1010 * MS, 3700 * MS };
	uint64_t phase, length;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		scrape_ns = scrapes[i];
		for (phase = 0; phase < 6000 * MS; phase += 313 * MS)
			for (length = 2150 * MS; length < 9 * SEC;
			     length += 1311 * MS)
				come_again(false, 2000, ONE_OLD, graces[1],
					   phase, length);
	}
	scrape_ns = 0;
	conclude("whoever else asks, and when, changes nothing");
}

/* On a busy machine, it may take long from fork to exec. */
static void test_named_late(void)
{
	uint64_t phase, late;

	for (phase = 0; phase < 6000 * MS; phase += 113 * MS) {
		for (late = 0; late < 1900 * MS; late += 271 * MS) {
			kernel_begin(5 * MS, false);
			sources_begin(2000);
			follow_name();
			kernel_life(kernel_ns + 200 * MS + phase,
				    5 * SEC)->named_ns += late;
			exporter_sources_open(&sources, &model);
			judge(look_until(kernel_ns + 30 * SEC), 5 * SEC, 0, 1,
			      "phase, named after", phase / MS, late / MS, 0);
		}
	}
	conclude("a process may take a look's time to take its name");
}

/* Its time belonged to another name while it had that name. */
static void renamed(uint64_t phase, int refuses)
{
	struct life *life;
	bool forward;

	kernel_begin(5 * MS, false);
	kernel_refuses = refuses;
	sources_begin(1000);
	follow_name();
	life = kernel_life(kernel_ns + phase, 20 * SEC);
	life->named_ns += 10 * SEC;
	exporter_sources_open(&sources, &model);
	forward = look_until(kernel_ns + 30 * SEC);
	forward &= sources.own_state.unregistered == (refuses != 0);
	/* The name is found within an interval. */
	judge(forward, 10 * SEC - 500 * MS, 510 * MS, 1, "phase, errno",
	      phase / MS, (unsigned long)refuses, 0);
}

static void test_renamed(int refuses, const char *claim)
{
	uint64_t phase;

	for (phase = 0; phase < 3000 * MS; phase += 17 * MS)
		renamed(phase, refuses);
	conclude(claim);
}

/* While the quota is full, new processes are registered later. */
static void test_quota(void)
{
	uint64_t phase;

	for (phase = 0; phase < 3000 * MS; phase += 17 * MS) {
		struct life *life;
		bool forward;

		kernel_begin(5 * MS, false);
		kernel_refuses = EDQUOT;
		sources_begin(1000);
		follow_name();
		life = kernel_life(kernel_ns + phase, 20 * SEC);
		life->refused_ns = kernel_ns + 10 * SEC;
		exporter_sources_open(&sources, &model);
		forward = look_until(kernel_ns + 10 * SEC);
		kernel_refuses = 0;
		forward &= look_until(kernel_ns + 20 * SEC);
		judge(forward, 20 * SEC, 0, 1, "phase", phase / MS, 0, 0);
	}
	conclude("who had to wait for room in the quota counts in full");
}

/* An old process is given by its number. Its time counts from then on. */
static void number_given(unsigned int interval_ms, uint64_t grace,
			 uint64_t age, uint64_t left)
{
	struct life *life;

	kernel_begin(grace, false);
	sources_begin(interval_ms);
	life = kernel_life(kernel_ns - age, age + left);
	follow_pid(life->pid, 0);
	exporter_sources_open(&sources, &model);
	/* On a busy machine, the first looks may be late. */
	kernel_run(kernel_ns + age % (70 * MS));
	judge(look_until(kernel_ns + 30 * SEC), left, MS, 1,
	      "age, left, grace", age / MS, left / MS, grace / MS);
}

static void test_numbers(void)
{
	uint64_t age, left;
	unsigned int grace;

	for (grace = 0; grace < 3; grace++) {
		for (age = SEC; age < 3 * SEC; age += 97 * MS) {
			for (left = MS; left < 8 * SEC; left = left * 7 / 4) {
				number_given(2000, graces[grace], age, left);
				number_given(10, graces[grace], age, left);
			}
		}
	}
	conclude("of those that are given by number, all since then counts");
}

/* By the time that its name is found, the system registry has it as old. */
static void test_both(void)
{
	uint64_t phase, later;

	for (phase = 0; phase < 4000 * MS; phase += 119 * MS) {
		for (later = 0; later < 4000 * MS; later += 301 * MS) {
			struct life *life;

			kernel_begin(5 * MS, false);
			sources_begin(2000);
			follow_name();
			life = kernel_life(kernel_ns + phase, 6 * SEC);
			life->system_ns = life->start_ns + later;
			exporter_sources_open(&sources, &model);
			judge(look_until(kernel_ns + 30 * SEC), 6 * SEC, 0, 1,
			      "phase, registered after", phase / MS,
			      later / MS, 0);
		}
	}
	conclude("registered by others before it is found, it counts in full");
}

/* For a while, nothing can be read: no memory, no descriptor. */
static void test_deaf(void)
{
	uint64_t phase, length;

	for (phase = 0; phase < 9000 * MS; phase += 289 * MS) {
		for (length = 2300 * MS; length < 15 * SEC; length += SEC) {
			bool forward;

			kernel_begin(5 * MS, false);
			sources_begin(2000);
			follow_name();
			kernel_life(kernel_ns + phase, length);
			exporter_sources_open(&sources, &model);
			forward = look_until(kernel_ns + 5 * SEC);
			kernel_deaf = true;
			forward &= look_until(kernel_ns + 5 * SEC);
			kernel_deaf = false;
			forward &= look_until(kernel_ns + 20 * SEC);
			judge(forward, length, 0, 1, "phase, length",
			      phase / MS, length / MS, 0);
		}
	}
	conclude("what cannot be read for a while is not lost");
}

int main(void)
{
	tap_about = "urt exporter";
	/* Messages about failed reads do not matter here. */
	if (!freopen("/dev/null", "w", stderr))
		return 2;
	test_come_again(true, "all of a tree counts, at every phase");
	test_come_again(false, "all of a name counts that is found once");
	test_scraped();
	test_named_late();
	test_renamed(0, "what one used under another name for long is not counted");
	test_renamed(EPERM, "nor where somebody else may not be followed");
	test_quota();
	test_numbers();
	test_both();
	test_deaf();
	return tap_done();
}
