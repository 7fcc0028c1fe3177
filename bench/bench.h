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

/* children.c: the processes that are looked at. */
pid_t *children_start(int count);
void children_run(void);
void children_end(void);

/* forks.c: what a process costs from fork to wait. */
void forks_measure(void);

/* refresh.c: one refresh, on demand. */
void refresh_init(void);
uint64_t refresh_measure(int status);

#endif
