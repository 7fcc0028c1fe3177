/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_CPUTIME_H
#define URT_CPUTIME_H

#include <linux/types.h>

struct task_struct;

/* What a process has used so far, in nanoseconds; the sum is exact. */
struct urt_cputime {
	u64 utime;
	u64 stime;
};

void urt_cputime_sample(struct task_struct *leader, struct urt_cputime *ct);
void urt_cputime_final(struct task_struct *leader, struct urt_cputime *ct);

#endif
