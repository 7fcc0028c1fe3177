// SPDX-License-Identifier: GPL-2.0-only
/* What every kernel has: compiles unless the toolchain is broken. */
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <trace/events/sched.h>

int urt_feature(struct hrtimer *timer);
int urt_feature(struct hrtimer *timer)
{
	return hrtimer_cancel(timer);
}
