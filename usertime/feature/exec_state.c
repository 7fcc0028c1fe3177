// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 7.2: what an exec has made of a process outlives its memory, in a
 * structure of its own.
 */
#include <linux/sched.h>
#include <linux/sched/exec_state.h>

bool urt_feature(const struct task_struct *task);
bool urt_feature(const struct task_struct *task)
{
	return rcu_dereference(task->exec_state)->dumpable ==
	       TASK_DUMPABLE_OWNER;
}
