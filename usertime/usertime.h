/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_USERTIME_H
#define URT_USERTIME_H

#include <linux/compiler.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/types.h>

struct work_struct;

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
