/* SPDX-License-Identifier: MIT */
/*
 * Signals for the chosen process, even if another process has its number by
 * then.
 */
#ifndef TOP_KILL_H
#define TOP_KILL_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Return: a descriptor of the process that started at start_ns, never of a
 * later one with its number; or -1, with errno ESRCH if the process is gone.
 */
int top_target_open(pid_t pid, uint64_t start_ns);
int top_target_signal(int target, int number);

#endif
