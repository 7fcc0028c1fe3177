/* SPDX-License-Identifier: MIT */
/* Helpers for the tests of the system calls in syscall/. */
#ifndef TEST_SYSCALL_COMMON_H
#define TEST_SYSCALL_COMMON_H

#include "lib.h"
#include "../../syscall/calls.h"

/* Skips the test on a kernel without the system calls. */
void need_patches(void);

/* get_process_runtime(): milliseconds, or -errno. */
long runtime_of(pid_t pid);

/* Two moments between which a process was started, shared with children. */
struct start {
	uint64_t after, before;
};

/* Like child(), but runs fn once *start is known. */
pid_t start_child(void (*fn)(void *), void *arg, struct start **start);
pid_t start_sleeper(struct start **start);

/*
 * The system call must return the time since the start by our own clock, to the
 * millisecond. The moments of the start and of the call are known to 2 ms or
 * better (times slowness()), which is added.
 */
void expect_runtime(pid_t pid, const struct start *start);

/*
 * Does this for a process that was there before us, from /proc/PID/stat: to 12
 * ms.
 */
void expect_runtime_ticks(pid_t pid);

/*
 * Like start_child(), in new namespaces: CLONE_NEWPID, where fn is PID 1 and
 * has a /proc of its own, CLONE_NEWTIME, whose boot was 1000 s before, or both.
 */
pid_t start_apart(int spaces, void (*fn)(void *), void *arg,
		  struct start **start);
void expect_good_end(pid_t pid);

#endif
