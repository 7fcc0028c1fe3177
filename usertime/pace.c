// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pace of a registry: when its next refresh is due, and what it may cost.
 *
 * Only rearm() arms the timer. It does so under the registry's lock, and only
 * while something is registered.
 */
#include "pace.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "registry.h"

struct workqueue_struct *urt_workqueue;

/*
 * Work may take about one part in this many of the time of those who pay for
 * it.
 */
#define WORK_SHARE 20

/**
 * urt_pace_interval() - time between two refreshes, in milliseconds
 * @reg: the registry
 *
 * Context: Process. The caller holds @reg->lock.
 * Return: the interval that the user wants, or a longer one if refreshes cost
 * too much for that.
 */
unsigned int urt_pace_interval(const struct urt_registry *reg)
{
	return max(reg->interval_ms, reg->stretched_ms);
}

static u64 ms_to_ns(unsigned int ms)
{
	return (u64)ms * NSEC_PER_MSEC;
}

/**
 * urt_pace_quiet_ms() - how long earlier work still keeps the next work away
 * @quiet_until: end of this pause
 *
 * Context: Any. Takes no lock.
 * Return: the rest of the pause in milliseconds, at most URT_INTERVAL_MS_MAX.
 */
unsigned int urt_pace_quiet_ms(const atomic64_t *quiet_until)
{
	s64 left = atomic64_read(quiet_until) - ktime_get_ns();

	if (left <= 0)
		return 0;
	return min_t(u64, div_u64(left, NSEC_PER_MSEC) + 1,
		     URT_INTERVAL_MS_MAX);
}

static unsigned int quiet_ms(const struct urt_registry *reg)
{
	return urt_pace_quiet_ms(reg->quiet_until);
}

/*
 * Arms the timer. usertime.c says why it fires in interrupt context. The timer
 * may wait for the next tick, so that most timers need no interrupt of their
 * own.
 */
static void rearm(struct urt_registry *reg)
{
	lockdep_assert_held(&reg->lock);
	if (reg->count && !reg->dying)
		hrtimer_start_range_ns(&reg->timer, ns_to_ktime(reg->due_ns),
				       min_t(u64, TICK_NSEC,
					     ms_to_ns(reg->interval_ms) / 4),
				       HRTIMER_MODE_ABS_HARD);
}

/**
 * urt_pace_arm() - arm the timer, an interval from now
 * @reg: the registry
 *
 * Context: Process. The caller holds @reg->lock.
 */
void urt_pace_arm(struct urt_registry *reg)
{
	reg->stretched_ms = quiet_ms(reg);
	reg->due_ns = ktime_get_ns() + ms_to_ns(urt_pace_interval(reg));
	rearm(reg);
}

/**
 * urt_pace_arm_when_allowed() - arm the timer for a refresh that was denied
 * @reg: the registry
 *
 * The timer fires as soon as the cost of earlier work allows the refresh.
 *
 * Context: Process. The caller holds @reg->lock.
 */
void urt_pace_arm_when_allowed(struct urt_registry *reg)
{
	u64 since_ns = ktime_get_boottime_ns() - reg->time_ns;
	unsigned int ms = quiet_ms(reg);

	reg->stretched_ms = min_t(u64, div_u64(since_ns, NSEC_PER_MSEC) + ms,
				  URT_INTERVAL_MS_MAX);
	reg->due_ns = ktime_get_ns() + ms_to_ns(ms);
	rearm(reg);
}

/**
 * urt_pace_arm_next() - arm the timer after a refresh
 * @reg: the registry
 *
 * A refresh that was late by less than an interval delays no later one.
 *
 * Context: Process. The caller holds @reg->lock.
 */
void urt_pace_arm_next(struct urt_registry *reg)
{
	unsigned int waited_ms = reg->denied ? reg->stretched_ms : 0;

	reg->denied = false;
	reg->stretched_ms = quiet_ms(reg);
	reg->due_ns += ms_to_ns(reg->interval_ms);
	if (reg->stretched_ms > reg->interval_ms ||
	    reg->due_ns <= ktime_get_ns())
		urt_pace_arm(reg);
	else
		rearm(reg);
	/* If it was denied, it goes on showing the longer interval. */
	reg->stretched_ms = max(reg->stretched_ms, waited_ms);
}

/**
 * urt_pace_denies() - whether earlier work has cost too much for a refresh
 * @reg: the registry; its refresh is due
 *
 * Sessions of one user take turns. A registry that was denied once goes ahead
 * the next time. Its refresh is still paid for.
 *
 * Context: Process. The caller holds @reg->lock.
 * Return: whether the refresh has to wait.
 */
bool urt_pace_denies(struct urt_registry *reg)
{
	if (reg->denied || !quiet_ms(reg))
		return false;
	reg->denied = true;
	return true;
}

/**
 * urt_pace_pay_for() - keep the next work away
 * @quiet_until: end of the pause of all registries that share the cost
 * @cost_ns: of a refresh, upkeep or wake-up
 *
 * The pause is 25 times as long as the measured cost. All sessions of a part of
 * an account share one pause, so that many sessions buy no more time.
 *
 * Context: Process. Takes no lock.
 */
void urt_pace_pay_for(atomic64_t *quiet_until, u64 cost_ns)
{
	s64 now = ktime_get_ns(), until = atomic64_read(quiet_until);

	/* Add what this clock does not see: timer, wake-ups and switches. */
	cost_ns += cost_ns / 4;
	while (!atomic64_try_cmpxchg(quiet_until, &until,
				     max(until, now) +
				     (s64)(cost_ns * WORK_SHARE)))
		;
}

/**
 * urt_pace_begin() - begin work that is paid for
 * @reg: the registry that pays
 *
 * Context: Process. The caller holds @reg->lock.
 */
void urt_pace_begin(struct urt_registry *reg)
{
	reg->cost_ns = 0;
	reg->resumed_ns = ktime_get_ns();
}

/**
 * urt_pace_resched() - let other tasks run during long work
 * @reg: the registry that pays; without urt_pace_begin(), none pays
 *
 * Where cond_resched() yields, the time of other tasks is no part of the cost.
 * Time that is lost to preemption is.
 *
 * Context: Process. The caller holds @reg->lock. May sleep.
 */
void urt_pace_resched(struct urt_registry *reg)
{
	u64 now = ktime_get_ns();

	reg->cost_ns += now - reg->resumed_ns;
	reg->resumed_ns = cond_resched() ? ktime_get_ns() : now;
}

/**
 * urt_pace_pay() - pay for the work that has been done until now
 * @reg: the registry that pays
 *
 * Context: Process. The caller holds @reg->lock. May sleep.
 */
void urt_pace_pay(struct urt_registry *reg)
{
	urt_pace_resched(reg);
	urt_pace_pay_for(reg->quiet_until, reg->cost_ns);
	reg->cost_ns = 0;
}

/**
 * urt_pace_queue_upkeep() - ask for upkeep
 * @reg: a record has come, or a child was missed
 *
 * Upkeep waits for the next tick or two, and longer while earlier work has to
 * be paid for. It does all that has come until then in one go. (A reader or a
 * refresh does not wait for upkeep. It collects final entries itself.)
 *
 * Context: Probe, also in softirq. Does not sleep.
 */
void urt_pace_queue_upkeep(struct urt_registry *reg)
{
	queue_delayed_work(urt_workqueue, &reg->upkeep,
			   max(msecs_to_jiffies(quiet_ms(reg)), 1UL));
}

/**
 * urt_pace_hurry_upkeep() - ask for upkeep at once
 * @reg: its pool runs dry
 *
 * This upkeep waits for no pause, because the next children would be missed. It
 * is paid for all the same. A process can only cause it by many forks, which
 * cost the process far more.
 *
 * Context: Probe. Does not sleep.
 */
void urt_pace_hurry_upkeep(struct urt_registry *reg)
{
	mod_delayed_work(urt_workqueue, &reg->upkeep, 0);
}
