// SPDX-License-Identifier: MIT
/*
 * Random operations on all files at once, against a model.
 *
 * The operations of a run depend only on its seed and their numbers. Some can
 * be left out without a change to the rest. The fuzzer therefore repeats a run
 * that fails, with fewer operations, as long as it fails. It is PID 1 of a PID
 * namespace, in which it knows every process, and in which numbers repeat.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "fuzz.h"

#define LOG 30

/* Of a run, for the process that started it. */
static struct shared {
	long at, count;			/* operations */
	long done;			/* operations that were not left out */
	bool failed, quiet;
	char message[2048];
	char log[LOG][128];
	unsigned char left_out[];	/* a bit for each */
} *run;

static uint64_t rng;
static unsigned int seed;

uint32_t fuzz_rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return n ? (uint32_t)(rng >> 16) % n : 0;
}

static void seed_operation(long nr)
{
	rng = (seed + 1) * 0x9e3779b97f4a7c15ULL ^
	      (nr + 1) * 0xbf58476d1ce4e5b9ULL;
	for (int i = 0; i < 4; i++)
		fuzz_rnd(1);
}

void fuzz_say(const char *fmt, ...)
{
	char *line = run->log[run->at % LOG];
	int n = sprintf(line, "%ld: ", run->at);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(run->log[0]) - n, fmt, ap);
	va_end(ap);
}

void mismatch(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(run->message, sizeof(run->message), fmt, ap);
	va_end(ap);
	exit(EXIT_FAILURE);
}

static const struct {
	unsigned int weight;
	void (*run)(void);
} operations[] = {
	{ 5600, op_write }, { 150, op_write_fault }, { 2600, op_read },
	{ 100, op_read_fault }, { 150, op_seek }, { 300, op_open },
	{ 220, op_close }, { 200, op_map }, { 60, op_spawn }, { 20, op_thread },
	{ 15, op_end_thread }, { 8, op_end_leader }, { 15, op_rename },
	{ 15, op_burn }, { 10, op_stop }, { 40, op_continue }, { 40, op_end },
	{ 200, op_reap }, { 10, op_witness }, { 60, op_refresh },
};

static void operate(long nr)
{
	unsigned int sum = 0, at, i;

	seed_operation(nr);
	run->at = nr;
	run->log[nr % LOG][0] = '\0';
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		sum += operations[i].weight;
	at = fuzz_rnd(sum);
	for (i = 0; at >= operations[i].weight; i++)
		at -= operations[i].weight;
	operations[i].run();
	check_all();
	run->done++;
}

static bool is_left_out(long nr)
{
	return run->left_out[nr / 8] >> nr % 8 & 1;
}

/* Runs in a namespace of its own. */
static void run_operations(void)
{
	must(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, NULL));
	if (run->quiet)
		must(freopen("/dev/null", "w", stdout));
	world_begin();
	check_begin();
	for (long nr = 0; nr < run->count; nr++) {
		if (!is_left_out(nr))
			operate(nr);
	}
	run->failed = false;
}

/* Return: whether all results were right. */
static bool run_passes(const char *params)
{
	int status;
	pid_t pid;

	run->failed = true;
	run->done = 0;
	run->message[0] = '\0';
	memset(run->log, 0, sizeof(run->log));
	fflush(stdout);
	pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0,
		      0);
	if (pid < 0)
		skip("this kernel has no PID namespaces");
	if (!pid) {
		run_operations();
		exit(0);
	}
	reap(pid, &status);
	if (run->failed && !run->message[0])
		snprintf(run->message, sizeof(run->message),
			 "it ended with %#x", status);
	/* The next run begins where this one began. */
	wait_until(!unload(), 10000, "the module does not unload");
	must(!load(params));
	return !run->failed;
}

static void leave_out(long from, long to, bool on)
{
	for (long nr = from; nr < to; nr++) {
		if (on)
			run->left_out[nr / 8] |= 1 << nr % 8;
		else
			run->left_out[nr / 8] &= ~(1 << nr % 8);
	}
}

/*
 * Leaves out all operations that the failure does not need, within a time
 * limit.
 */
static void shrink(const char *params)
{
	uint64_t until = now_ns() + 60 * SEC;
	unsigned char *before = malloc(run->count / 8 + 1);
	long size, from;

	must(before);
	run->count = run->at + 1;
	run->quiet = true;
	for (size = run->count / 2; size && now_ns() < until; size /= 2) {
		for (from = 0; from < run->count - 1; from += size) {
			memcpy(before, run->left_out, run->count / 8 + 1);
			leave_out(from, from + size < run->count - 1 ?
				  from + size : run->count - 1, true);
			if (memcmp(before, run->left_out, run->count / 8 + 1) &&
			    (now_ns() > until || run_passes(params)))
				memcpy(run->left_out, before,
				       run->count / 8 + 1);
		}
	}
	run->quiet = false;
	free(before);
}

static void print_log(void)
{
	for (long nr = run->at - LOG + 1; nr <= run->at; nr++) {
		if (nr >= 0 && run->log[nr % LOG][0])
			note("%s", run->log[nr % LOG]);
	}
	note("%s", run->message);
}

static void fuzz(long count, const char *params)
{
	size_t size = sizeof(*run) + count / 8 + 1;

	seed = seed_of_run();
	restricted_run = strstr(params, "restrict=1");
	run = share(size);
	run->count = count;
	if (run_passes(params)) {
		note("operations: %ld", run->done);
		return;
	}
	note("operation %ld of seed %u fails", run->at, seed);
	print_log();
	shrink(params);
	run_passes(params);
	note("and so it does with %ld operations:", run->done + 1);
	print_log();
	expect(!run->failed, "%s", run->message);
	expect(false, "it failed once; not with the same operations again");
}

TEST(fuzz_quick, "20,000 random operations give the model's results",
     .params = FUZZ_PARAMS, .limit = 900)
{
	fuzz(scaled(20000), FUZZ_PARAMS);
}

TEST(fuzz_restrict, "5,000 random operations with restrict=1 give the model's results",
     .params = FUZZ_PARAMS " restrict=1", .limit = 900)
{
	fuzz(scaled(5000), FUZZ_PARAMS " restrict=1");
}

TEST(fuzz_million, "a million random operations give the model's results",
     .params = FUZZ_PARAMS, .full = true, .limit = 3600)
{
	fuzz(1000000, FUZZ_PARAMS);
}
