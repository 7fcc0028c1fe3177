/* SPDX-License-Identifier: MIT */
#ifndef TEST_RUNNER_H
#define TEST_RUNNER_H

#include <stdbool.h>

/* The exit status of a test whose claim does not hold, or was not tested. */
enum { EXIT_BROKEN = 99, EXIT_SKIPPED = 77 };

/* klog.c: log_read() returns how many lines since the last call are bad. */
void log_open(void);
int log_read(bool print);
void log_expect_faults(bool expected);
unsigned int log_others(void);

/* debug.c */
int debug_leaks(void);
int debug_last_leaks(void);
void debug_save_coverage(void);

#endif
