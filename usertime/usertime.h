/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_USERTIME_H
#define URT_USERTIME_H

#include <linux/compiler.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/types.h>

struct work_struct;
struct workqueue_struct;

/* Between two refreshes, unless somebody wants it otherwise. */
#define URT_INTERVAL_MS 5000
#define URT_INTERVAL_MS_MIN 10
#define URT_INTERVAL_MS_MAX 3600000

extern struct workqueue_struct *urt_workqueue;
extern bool urt_loaded;

/*
 * For whoever opens a file. Return: whether the module stays while it is open.
 * The kernel frees one that fails to load without asking who uses it: nobody
 * may, before it is known that nothing fails any more.
 */
static inline bool urt_module_get(void)
{
	return READ_ONCE(urt_loaded) && try_module_get(THIS_MODULE);
}

enum hrtimer_restart schedule_cputime_updates(struct hrtimer *timer);
void update_cputimes(struct work_struct *work);

#endif
