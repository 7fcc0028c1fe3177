/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_PRINT_H
#define URT_PRINT_H

#include <linux/sched.h>
#include <linux/types.h>

/* The length of a name of which every byte is escaped. */
#define URT_PRINT_COMM_MAX (4 * TASK_COMM_LEN)

char *urt_print_before(char *end, u64 number);
char *urt_print_columns_before(char *end, const u64 *numbers, unsigned int n);
char *urt_print_comm_before(char *end, const char *comm);

#endif
