// SPDX-License-Identifier: GPL-2.0-only
/* What every kernel has: compiles unless the toolchain is broken. */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/timer.h>
#include <trace/events/sched.h>

int urt_feature(struct timer_list *timer, unsigned long when);
int urt_feature(struct timer_list *timer, unsigned long when)
{
	return mod_timer(timer, when);
}
