// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.13: 908a1d775422 ("hrtimers: Introduce hrtimer_setup() to replace
 * hrtimer_init()").
 */
#include <linux/hrtimer.h>

void urt_feature(struct hrtimer *timer,
		 enum hrtimer_restart (*function)(struct hrtimer *timer));
void urt_feature(struct hrtimer *timer,
		 enum hrtimer_restart (*function)(struct hrtimer *timer))
{
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
}
