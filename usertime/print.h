/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_PRINT_H
#define URT_PRINT_H

#include <linux/sched.h>
#include <linux/seq_file.h>

/*
 * seq_file serves as the string builder here: its functions append to a buffer
 * with a bound, and convert numbers without printf()'s cost. No file is involved.
 */
static inline struct seq_file urt_printer(char *buf, size_t size)
{
	return (struct seq_file) { .buf = buf, .size = size };
}

/* A name, when all of it is escaped. */
#define URT_PRINT_COMM_MAX (4 * TASK_COMM_LEN)

char *urt_print_before(char *end, u64 number);
char *urt_print_comm_before(char *end, const char *comm);

#endif
