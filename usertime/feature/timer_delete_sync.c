// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.2, and stable kernels that took it: 9b13df3fb64e ("timers: Rename
 * del_timer_sync() to timer_delete_sync()").
 */
#include <linux/timer.h>

int urt_feature(struct timer_list *timer);
int urt_feature(struct timer_list *timer)
{
	return timer_delete_sync(timer);
}
