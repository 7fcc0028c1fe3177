/* SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STATUS "/proc/urt/status"
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

void module_load(const char *parameters);
void module_unload(void);

/* Sorts them. */
uint64_t median(uint64_t *values, size_t n);

/* children.c: the processes that are looked at. */
pid_t *children_start(int count);
void children_run(void);
void children_end(void);

/* forks.c: what a process costs from fork to wait. */
void forks_measure(void);
void forks_profile(void);

/* mapped.c: reading and refreshing a session that is mapped. */
void mapped_open(const pid_t *pids, int count);
void mapped_read(void);
uint64_t mapped_refresh(void);
void mapped_close(void);

/* refresh.c: one refresh, on demand. */
void refresh_init(void);
uint64_t refresh_measure(int status);
uint64_t refresh_measure_session(int session);

#endif
