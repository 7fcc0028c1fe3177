/* SPDX-License-Identifier: MIT */
/* Basic functions of the guest's program. */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads the time stamp counter. In a guest under -icount it counts one for each
 * instruction, whatever the clock source of its kernel (calibrate() verifies
 * this).
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

/* Begins or ends a phase of a profile. plugin/profile.c knows this nop. */
static inline void profile_mark(void)
{
	asm volatile("nopl 0x75747275(%%rax)" : : : "memory");
}

void module_load(const char *parameters);
void module_unload(void);

/* Sorts the values. */
uint64_t median(uint64_t *values, size_t n);

#define SECOND 1000000000ull	/* instructions, or ns */
#define MS 1000000ull

uint64_t now_ns(void);
void sleep_until(uint64_t ns);	/* CLOCK_MONOTONIC */

/* Ends the program if the counter does not count instructions. */
void calibrate(void);

extern uint64_t stamp_cost;	/* instructions of a pair of tsc() */

/* Instructions executed since begin = tsc(). */
static inline uint64_t since(uint64_t begin)
{
	return tsc() - begin - stamp_cost;
}

/*
 * Sleeps until RCU has freed all dead objects, and the next tick is always
 * equally far away. Therefore a sample is not interrupted by chance.
 */
void rest(void);

#endif
