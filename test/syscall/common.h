/* SPDX-License-Identifier: MIT */
/* What the tests of the system calls in syscall/ share. */
#ifndef TEST_SYSCALL_COMMON_H
#define TEST_SYSCALL_COMMON_H

#include "lib.h"
#include "../../syscall/calls.h"

/* Skips the test on a kernel without the system calls. */
void need_patches(void);

/* get_process_runtime(): milliseconds, or -errno. */
long runtime_of(pid_t pid);

/* Between which two moments a process was started, shared with children. */
struct start {
	uint64_t after, before;
};

/* As child(); it runs fn once *start is known. */
pid_t start_child(void (*fn)(void *), void *arg, struct start **start);
pid_t start_sleeper(struct start **start);

/*
 * What the system call says is what our own clock has counted since the start:
 * to the millisecond, as far as the moments of the start and of the call are
 * known, which is to 2 ms or better (times slowness()).
 */
void expect_runtime(pid_t pid, const struct start *start);

/* The same for one that was there before us, from /proc/PID/stat: to 12 ms. */
void expect_runtime_ticks(pid_t pid);

/*
 * As start_child(), in new namespaces: CLONE_NEWPID, where fn is PID 1 and has a
 * /proc of its own, CLONE_NEWTIME, whose boot was 1000 s before, or both.
 */
pid_t start_apart(int spaces, void (*fn)(void *), void *arg,
		  struct start **start);
void expect_good_end(pid_t pid);

#endif
