/* SPDX-License-Identifier: MIT */
#ifndef MEASURE_H
#define MEASURE_H

#define GROUP "/sys/fs/cgroup"

/* Ends the program, with what failed and errno. */
#define must(cond) ((cond) ? (void)0 : fail(__FILE__, __LINE__, #cond))
void fail(const char *file, int line, const char *what)
	__attribute__((noreturn));

/*
 * groups.c: control groups. "tool" has the cost of a tool, "load" the processes
 * that it looks at, "aside" helpers that are no cost of the tool.
 */
void groups_init(void);
void group_move(const char *group, const char *pid);
int group_count(const char *group);
void group_end(const char *group, int signal, int seconds);
double cost_us(void);

#endif
