/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_SAMPLE_H
#define URT_SAMPLE_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "split.h"

struct urt_cputime;
struct urt_samples;
struct urt_sums;

/* Microseconds between two samples, at first. */
#define URT_PRECISE_US_MIN 20
#define URT_PRECISE_US_MAX 1000

extern unsigned int urt_precise_min_us;
extern unsigned int urt_precise_us;

/* Return: whether a thread has a notifier, ours or not. */
static inline bool urt_sample_has_notifier(const struct task_struct *task)
{
#ifdef CONFIG_PREEMPT_NOTIFIERS
	return !hlist_empty(&task->preempt_notifiers);
#else
	return false;
#endif
}

void urt_sample_init(void);
void urt_sample_stop(void);
int urt_sample_check(unsigned int us);
int urt_sample_begin(void);

struct urt_samples *urt_samples_alloc(void);
struct urt_samples *urt_samples_alloc_in_probe(void);
void urt_samples_want(struct urt_samples *samples, unsigned int us);
void urt_samples_unwant(struct urt_samples *samples);
void urt_samples_put(struct urt_samples *samples);
void urt_samples_divide(struct urt_samples *samples, struct urt_sums *sums,
			struct urt_accuracy *accuracy);

void urt_sample_child(struct task_struct *child, struct urt_samples *samples);
void urt_sample_thread(struct task_struct *task);
void urt_sample_forget(struct task_struct *task);

struct urt_samples *urt_sample_current(struct urt_samples *fresh,
				       unsigned int us,
				       const struct urt_cputime *base);

#endif
