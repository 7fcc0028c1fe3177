/* SPDX-License-Identifier: MIT */
/* Signals for the process that was meant, whatever its number is by then. */
#ifndef TOP_KILL_H
#define TOP_KILL_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Return: a descriptor of the process, and of no other that got its number
 * since; or -1, with errno ESRCH if it is gone.
 */
int top_target_open(pid_t pid, uint64_t start_ns);
int top_target_signal(int target, int number);

#endif
