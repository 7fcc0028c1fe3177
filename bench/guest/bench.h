/* SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESSES_MAX 20000

/*
 * The time stamp counter: of a guest under -icount it counts instructions, one
 * each, whatever the clock source of its kernel (bench.c verifies it).
 */
static inline uint64_t tsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Ends the program, with what failed and errno. */
#define must(cond) ((cond) ? (void)0 : fail(__FILE__, __LINE__, #cond))
void fail(const char *file, int line, const char *what)
	__attribute__((noreturn));

void spit(const char *path, const char *text);

/*
 * Begins or ends a phase of a profile: plugin/profile.c knows this nop.
 */
static inline void profile_mark(void)
{
	asm volatile("nopl 0x75747275(%%rax)" : : : "memory");
}

struct urt;
struct urt_snapshot;

void module_load(const char *parameters);
void module_unload(void);

/* Prints a figure; no name has a comma in it. */
void figure(const char *table, const char *row, const char *column,
	    double value, const char *unit);

/* Sorts them. */
uint64_t median(uint64_t *values, size_t n);

extern uint64_t stamp_cost;	/* instructions of a pair of tsc() */

/* Instructions executed since begin = tsc(). */
static inline uint64_t since(uint64_t begin)
{
	return tsc() - begin - stamp_cost;
}

/*
 * Sleeps until RCU has freed what was given up, and the next tick is always as
 * far away: that a sample is interrupted is not left to chance.
 */
void rest(void);

/* samples.c: what was seen, by row, until it is printed. */
void note(const char *row, uint64_t instructions);
int notes_count(void);
const char *notes_row(int nr);
double notes_median(int nr);
void notes_clear(void);

/* children.c: those that are looked at, and others. */
pid_t *children_start(int count);	/* processes */
pid_t *children_start_threads(int count);	/* of one; the first names it */
uint64_t children_age(void);	/* CPU time that each has had, ns, or more */
void children_run(void);
void children_end(void);
void others_start(int count, void (*first)(void));
void others_end(void);

/* What is looked at; without threads, ids are pids. */
struct set {
	const pid_t *pids;	/* processes, registered */
	int count;
	const pid_t *ids;	/* all their threads */
	int nr_ids;
};

/* ours.c: reading status and stat. */
void ours_open(const struct set *set);
void ours_register(bool print);
void ours_sample(void);
void ours_sample_few(const char *row);
uint64_t ours_total(void);
uint64_t liburt_cost(struct urt *urt, struct urt_snapshot *into);
void ours_close(void);

#define MAPPED_READERS 10

/* mapped.c: reading and refreshing a session that is mapped. */
void mapped_open(const struct set *set);
void mapped_sample(void);
void mapped_sample_shared(void);
void mapped_touch(void);
void mapped_close(void);

/* rounds.c: the main table; threads.c: one process of many threads. */
void rounds_open(const struct set *set);
void rounds_measure(bool run);
void rounds_measure_more(bool run);
void rounds_close(void);
void threads_measure(void);

/* tables.c: what is not a sample. */
void tables_measure(char *names);

/* forks.c: what a process costs from fork to wait. */
void forks(int n);
void forks_measure(void);
void forks_profile(void);

/* phases.c: registering, refreshing, reading, for the profile. */
void phases_profile(void);

/* refresh.c: one refresh, on demand. */
void refresh_init(void);
uint64_t refresh_measure(int status);
uint64_t refresh_measure_session(int session);

#endif
