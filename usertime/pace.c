// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pace of a registry: when its next refresh is due, and what it may cost.
 *
 * The timer is armed by rearm() alone, under the registry's lock, and only while
 * something is registered.
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

#include "compat.h"
#include "registry.h"

struct workqueue_struct *urt_workqueue;

/* Workers may take one part in this many of the time of who pays for them. */
#define WORK_SHARE 20

/**
 * urt_pace_interval() - time between two refreshes, in milliseconds
 * @reg: its lock held
 *
 * As wished for, or longer where refreshes cost too much for that.
 */
unsigned int urt_pace_interval(const struct urt_registry *reg)
{
	return max(reg->interval_ms, reg->stretched_ms);
}

static u64 ms_to_ns(unsigned int ms)
{
	return (u64)ms * NSEC_PER_MSEC;
}

/* Return: how long the cost of earlier work keeps the next one away. */
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
 * The only place where a timer is armed. It fires in interrupt context. Before
 * Linux 6.5, timers of softirqs wait for a thread of normal priority on a CPU
 * where many processes end. The timer may wait for the next tick, so that most
 * timers need no interrupt of their own.
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
 * @reg: its lock held
 */
void urt_pace_arm(struct urt_registry *reg)
{
	reg->stretched_ms = quiet_ms(reg);
	reg->due_ns = ktime_get_ns() + ms_to_ns(urt_pace_interval(reg));
	rearm(reg);
}

/* The same, for a refresh that cost keeps away: as soon as it is allowed. */
void urt_pace_arm_when_allowed(struct urt_registry *reg)
{
	u64 since_ns = ktime_get_boottime_ns() - reg->time_ns;
	unsigned int ms = quiet_ms(reg);

	reg->stretched_ms = min_t(u64, div_u64(since_ns, NSEC_PER_MSEC) + ms,
				  URT_INTERVAL_MS_MAX);
	reg->due_ns = ktime_get_ns() + ms_to_ns(ms);
	rearm(reg);
}

/* The same, after a refresh. Being late once makes no later refresh late. */
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
	/* A registry that had to wait for others will have to again. */
	reg->stretched_ms = max(reg->stretched_ms, waited_ms);
}

/**
 * urt_pace_denies() - whether earlier work has cost too much for a refresh
 * @reg: its lock held; its refresh is due
 *
 * Sessions of one user take turns: a registry that was denied once goes ahead
 * then. Its refresh is paid for all the same.
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
 * @quiet_until: of those who share the cost
 * @cost_ns: of a refresh, upkeep or wake-up
 *
 * For 20 times as long: that of a user's sessions all together, so that having
 * many buys nothing.
 */
void urt_pace_pay_for(atomic64_t *quiet_until, u64 cost_ns)
{
	s64 now = ktime_get_ns(), until = atomic64_read(quiet_until);

	/* Timer, wake-ups and switching are out of our clock's sight. */
	cost_ns += cost_ns / 4;
	while (!atomic64_try_cmpxchg(quiet_until, &until,
				     max(until, now) +
				     (s64)(cost_ns * WORK_SHARE)))
		;
}

/* What follows is paid for. */
void urt_pace_begin(struct urt_registry *reg)
{
	reg->cost_ns = 0;
	reg->resumed_ns = ktime_get_ns();
}

/**
 * urt_pace_resched() - let others have the CPU during long work
 * @reg: its lock held
 *
 * What they do with it is not what the work costs.
 */
void urt_pace_resched(struct urt_registry *reg)
{
	u64 now = ktime_get_ns();

	reg->cost_ns += now - reg->resumed_ns;
	reg->resumed_ns = cond_resched() ? ktime_get_ns() : now;
}

/* What has been done until now is paid for. */
void urt_pace_pay(struct urt_registry *reg)
{
	urt_pace_resched(reg);
	urt_pace_pay_for(reg->quiet_until, reg->cost_ns);
	reg->cost_ns = 0;
}

/**
 * urt_pace_queue_upkeep() - a record has come, a child was missed, a pool
 *			     runs dry
 * @reg: the registry
 *
 * For probes. Waits for the next tick or two, unless a pool is to be filled, and
 * longer where there is work to pay for: what comes meanwhile is done in one go
 * then. (A reader or a refresh does not wait for that. It collects final entries
 * itself.)
 */
void urt_pace_queue_upkeep(struct urt_registry *reg)
{
	unsigned long least = URT_PROBES_NEED_POOL ? 0 : 1;

	queue_delayed_work(urt_workqueue, &reg->upkeep,
			   max(msecs_to_jiffies(quiet_ms(reg)), least));
}
