/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_USERTIME_H
#define URT_USERTIME_H

struct timer_list;
struct work_struct;
struct workqueue_struct;

/* Between two refreshes, unless somebody wants it otherwise. */
#define URT_INTERVAL_MS 5000
#define URT_INTERVAL_MS_MIN 10
#define URT_INTERVAL_MS_MAX 3600000

extern struct workqueue_struct *urt_workqueue;

void schedule_cputime_updates(struct timer_list *timer);
void update_cputimes(struct work_struct *work);

#endif
