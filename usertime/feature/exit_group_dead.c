// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.16: the tracepoint sched_process_exit also says whether the whole
 * thread group is dead.
 */
#include <linux/module.h>
#include <trace/events/sched.h>

void urt_feature(void (*probe)(void *data, struct task_struct *task,
			       bool group_dead));
void urt_feature(void (*probe)(void *data, struct task_struct *task,
			       bool group_dead))
{
	check_trace_callback_type_sched_process_exit(probe);
}
