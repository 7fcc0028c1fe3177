// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stable kernels from 6.1.192 on, or before: exit_mm() notes whether the process
 * was dumpable, and ptrace_may_access() asks for it when the memory is gone.
 */
#include <linux/sched.h>

bool urt_feature(const struct task_struct *task);
bool urt_feature(const struct task_struct *task)
{
	return task->user_dumpable;
}
