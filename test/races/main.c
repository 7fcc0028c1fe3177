// SPDX-License-Identifier: MIT
/*
 * Runs all actors at once, for MINUTES. Then nothing may be left.
 *
 *	races SEED MINUTES
 *
 * prints TAP. Called by test/races.sh in a guest with several CPUs.
 */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "runner.h"
#include "tap.h"
#include "races.h"

static struct actor *actors;
static unsigned int running;	/* number of actors */
static unsigned int logged;	/* bad lines of the kernel */
static const char *names[ACTORS_MAX];
static bool jumpy[ACTORS_MAX];

void actor_add(struct actor *actor)
{
	struct actor **at = &actors;

	while (*at && strcmp((*at)->name, actor->name) < 0)
		at = &(*at)->next;
	actor->next = *at;
	*at = actor;
}

static void handle(int signal)
{
}

static void note_broken(int status, void *arg)
{
	if (status != EXIT_BROKEN)
		return;
	__sync_fetch_and_add(&race->broken, 1);
	race->stop = true;
}

static void act(const struct actor *actor)
{
	if (actor->uid) {
		become(actor->uid);
		root = false;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, actor->name);
	while (!race->stop) {
		if (race->quiet && !actor->restless)
			nap();
		else
			actor->step();
	}
	exit(0);
}

static void start(const struct actor *actor, unsigned int seed)
{
	pid_t pid;

	for (unsigned int i = 0; i < actor->count; i++, running++) {
		must(running < ACTORS_MAX);
		names[running] = actor->name;
		jumpy[running] = actor->jumpy;
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			self = running;
			instance = i;
			race->actors[self] = getpid();
			rnd_seed(mix(seed, actor->name, i));
			act(actor);
		}
		race->actors[running] = pid;
	}
}

/* --- meanwhile --- */

/* No actor ends by itself. Return: how many have ended. */
static unsigned int ended(unsigned int nr_ended)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned int i = 0; i < running; i++) {
			if (race->actors[i] != pid)
				continue;
			race->actors[i] = 0;
			nr_ended++;
			if (race->stop && !status)
				continue;
			printf("# %s ended: %#x\n", names[i], status);
			race->broken++;
		}
	}
	return nr_ended;
}

static void disturb(void)
{
	unsigned int i = rnd(running);

	if (jumpy[i] && race->actors[i])
		kill(race->actors[i], SIGUSR1);
}

static unsigned long total(enum operation op)
{
	unsigned long n = 0;

	for (unsigned int i = 0; i < running; i++)
		n += race->did[i][op];
	return n;
}

static void watch(double minutes)
{
	uint64_t begin = now_ns(), until = begin + minutes * 60 * SEC;
	uint64_t next = begin + 60 * SEC;
	unsigned int nr_ended = 0;

	while (now_ns() < until && !race->stop) {
		nr_ended = ended(nr_ended);
		disturb();
		logged += log_read(true);
		if (logged || nr_ended)
			race->stop = true;
		if (now_ns() > next) {
			next += 60 * SEC;
			note("%llu min: %lu forks, %lu reads, %lu loads",
			     (next - begin) / (60 * SEC) - 1, total(OP_forks),
			     total(OP_reads), total(OP_loads));
			fflush(stdout);
		}
		usleep(10000);
	}
	race->stop = true;
	until = now_ns() + HANG_S * SEC;
	while ((nr_ended = ended(nr_ended)) < running && now_ns() < until)
		usleep(10000);
	for (unsigned int i = 0; i < running; i++) {
		if (!race->actors[i])
			continue;
		race->broken++;
		printf("# %s (%d) does not end, state %c\n", names[i],
		       race->actors[i], state_of(race->actors[i]));
	}
}

/* --- summary --- */

#define OPERATION_NAME(name) #name,
static const char *const operations[] = { OPERATIONS(OPERATION_NAME) };

static void print_row(const char *name, unsigned long (*count)(enum operation))
{
	const char *comma = "";

	printf("# %s:", name);
	for (int op = 0; op < OPERATION_COUNT; op++) {
		if (!count(op))
			continue;
		printf("%s %lu %s", comma, count(op), operations[op]);
		comma = ",";
	}
	printf("\n");
}

static const char *row_name;

static unsigned long of_row(enum operation op)
{
	unsigned long n = 0;

	for (unsigned int i = 0; i < running; i++)
		n += strcmp(names[i], row_name) ? 0 : race->did[i][op];
	return n;
}

static void print_table(void)
{
	for (struct actor *a = actors; a; a = a->next) {
		row_name = a->name;
		print_row(a->name, of_row);
	}
	print_row("races", total);
}

/* --- */

/*
 * Linux 6.12 warns about its own accounting when a CPU goes whose "fair server"
 * is about to be stopped. It does so under a lock, and therefore also warns
 * about printing.
 */
static void stop_fair_servers(void)
{
	char path[80];

	for (unsigned int i = 0; i < race->cpus; i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/debug/sched/fair_server/cpu%u/runtime", i);
		if (!access(path, W_OK))
			spit(path, "0");
	}
}

static void prepare(unsigned int seed)
{
	/* A child must not print a copy of text that is still in the buffer. */
	setvbuf(stdout, NULL, _IOLBF, 4096);
	race = share(sizeof(*race));
	race->cpus = get_nprocs_conf();
	rnd_seed(seed);
	race->pid_max = rnd(2) ? 1500 : 32768;
	spit("/proc/sys/kernel/pid_max", "%u", race->pid_max);
	mkdir("/sys/kernel/debug", 0755);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	hold_tracepoints();
	stop_fair_servers();
	log_open();
	log_read(false);
	/* Before the signal can be sent; not SA_RESTART. */
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = handle }, NULL);
	on_exit(note_broken, NULL);
	must(!load("interval_ms=100"));
}

static void run(unsigned int seed, double minutes)
{
	for (struct actor *a = actors; a; a = a->next)
		start(a, seed);
	note("seed %u: %u actors on %u CPUs, PIDs up to %u", seed, running,
	     race->cpus, race->pid_max);
	watch(minutes);
}

/* Prints that KCSAN was active, and how many races it has seen. */
static void print_kcsan(void)
{
	FILE *f = fopen("/sys/kernel/debug/kcsan", "r");
	char line[80];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "setup_watchpoints") ||
		    strstr(line, "data_races"))
			printf("# KCSAN: %s", line);
	}
	fclose(f);
	note("KCSAN: %u reports without us", log_others());
}

static void put_cpus_back(void)
{
	char path[64];

	for (unsigned int i = 1; i < race->cpus; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%u/online", i);
		spit(path, "1");
	}
}

int main(int argc, char **argv)
{
	unsigned int seed;

	if (argc > 1 && !strcmp(argv[1], "--end"))
		return 0;
	if (argc > 3 && !strcmp(argv[1], "--live"))
		return victim_main(argv);
	if (argc != 3)
		return 2;
	seed = strtoul(argv[1], NULL, 10);
	tap_plan(6);
	prepare(seed);
	run(seed, strtod(argv[2], NULL));

	tap(!race->broken, "what each could know, held while all raced", NULL);
	tap(end_of_processes(), "every process ends", NULL);
	put_cpus_back();
	tap(end_of_registrations(), "after the processes nobody is registered", NULL);
	tap(end_of_module(), "the module unloads", NULL);
	tap(!debug_last_leaks(), "kmemleak, where it is, finds nothing", NULL);
	logged += log_read(true);
	tap(!logged, "the kernel has logged nothing", NULL);
	/* Last, so that failures stand next to what was seen of them. */
	print_table();
	print_kcsan();
	return tap_done();
}
