/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_PACE_H
#define URT_PACE_H

#include <linux/atomic.h>
#include <linux/types.h>

struct urt_registry;
struct workqueue_struct;

/* The time between two refreshes: default and bounds. */
#define URT_INTERVAL_MS 5000
#define URT_INTERVAL_MS_MIN 10
#define URT_INTERVAL_MS_MAX 3600000

/* All work of the module runs here. usertime.c makes the workqueue. */
extern struct workqueue_struct *urt_workqueue;

void urt_pace_arm(struct urt_registry *reg);
void urt_pace_arm_next(struct urt_registry *reg);
void urt_pace_arm_when_allowed(struct urt_registry *reg);
bool urt_pace_denies(struct urt_registry *reg);
void urt_pace_queue_upkeep(struct urt_registry *reg);
void urt_pace_hurry_upkeep(struct urt_registry *reg);

unsigned int urt_pace_interval(const struct urt_registry *reg);

void urt_pace_begin(struct urt_registry *reg);
void urt_pace_resched(struct urt_registry *reg);
void urt_pace_pay(struct urt_registry *reg);
void urt_pace_pay_for(atomic64_t *quiet_until, u64 cost_ns);
unsigned int urt_pace_quiet_ms(const atomic64_t *quiet_until);

#endif
