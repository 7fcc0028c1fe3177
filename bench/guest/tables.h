/* SPDX-License-Identifier: MIT */
/*
 * The tables beyond the samples, and what they share. None finds the module
 * loaded, nor leaves it so.
 */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct taskstats;

#define SECOND 1000000000ull	/* instructions, or ns */
#define MS 1000000ull

void exits_measure(void);
void skew_measure(void);
void memory_measure(void);
void wakeup_measure(void);
void lost_measure(void);
void accuracy_measure(void);

/* refresh.c: its steps, and of the refresh that was last: */
void refresh_ask(void);
void refresh_enough(void);
uint64_t refresh_cost(void);
uint64_t refresh_ended(void);
uint64_t refresh_woken(void);

/* tables.c */
void figure_absent(const char *table, const char *row, const char *reason);
void figure_spread(const char *table, const char *row, int64_t *values,
		   size_t n, double divisor, const char *unit);
int session_open(const char *words);
uint64_t until_quiet(void);
void unmap_stacks(void);	/* the module is not loaded */
pid_t fork_brief(void);
void sleep_until(uint64_t ns);	/* CLOCK_MONOTONIC */
uint64_t now_ns(void);

/* sleepers.c: processes that do nothing, and as little else as possible. */
pid_t *sleepers_start(int n);
void sleepers_end(void);
void sleepers_forget(void);	/* who have been killed and reaped */

/* receive.c */
#define RECEIVE_MAX 64		/* messages at once */
int receive_from(int protocol, unsigned int groups);
int receive(int fd, void *messages, size_t size, int batch);

/* taskstats.c */
int taskstats_open(void);
bool taskstats_ask(int fd, pid_t tgid, struct taskstats *stats);
void taskstats_listen(int fd);
typedef void (*taskstats_fn)(pid_t pid, const struct taskstats *stats);
int taskstats_hear(int fd, int batch, taskstats_fn fn);

/* perf.c */
int perf_open(pid_t pid, bool inherit);

#endif
