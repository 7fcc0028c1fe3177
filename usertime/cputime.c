// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU time of one process: all its threads, live and dead.
 *
 * The scheduler counts run time to the nanosecond (sum_exec_runtime), while the
 * tick only samples whether it was spent in user or in kernel mode. As for
 * /proc/PID/stat, the exact total is therefore divided in the proportion of the
 * samples, and neither part ever shrinks. The kernel's arithmetic for that
 * (cputime_adjust()) is not exported and stands here once more.
 *
 * What was shown before is kept by the caller, under its own lock. The kernel's
 * signal->prev_cputime would make one sequence of our values and those of
 * /proc/PID/stat, but its lock must be taken with interrupts off and is half
 * the cost of a refresh, and it is not ours to write.
 */
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>

#include "compat.h"
#include "cputime.h"

/* Sums over a thread group: samples of the tick, and the run time proper. */
struct sums {
	u64 utime;
	u64 stime;
	u64 rtime;
};

#ifdef CONFIG_64BIT
static u64 read_u64(const u64 *p)
{
	return READ_ONCE(*p);
}
#else
/*
 * A u64 that its owner writes without a lock that we could take, in two stores.
 * When the low half overflows, a reader between the stores may pair an old low
 * half with a new high half: 4.3 s too much, kept forever by whoever never goes
 * backwards. Compilers store the low half first, so reading the high half
 * before the low one, and once more after it, leaves only the other mixture, a
 * value that is too small for once; that one is harmless.
 */
static u64 read_u64(const u64 *p)
{
	const u32 *half = (const u32 *)p;
	const int low = IS_ENABLED(CONFIG_CPU_BIG_ENDIAN);
	u32 hi, lo;

	do {
		hi = READ_ONCE(half[!low]);
		smp_rmb();	/* high half first */
		lo = READ_ONCE(half[low]);
		smp_rmb();	/* and last */
	} while (hi != READ_ONCE(half[!low]));
	return (u64)hi << 32 | lo;
}
#endif

/*
 * Some CPU runs without a tick (nohz_full): what the thread's fields say may be
 * a second old. This call adds what is pending, as reading
 * /proc/PID/task/TID/stat does.
 */
static noinline void add_tickless(struct sums *sums, struct task_struct *t)
{
	u64 rtime = read_u64(&t->se.sum_exec_runtime);
	u64 utime, stime;

	task_cputime_adjusted(t, &utime, &stime);
	sums->utime += utime;
	sums->stime += stime;
	sums->rtime += max(rtime, utime + stime);
}

/* Inline, and by value: most of what a refresh does is done in here. */
static __always_inline struct sums add_threads(struct task_struct *leader,
					       bool tickless)
{
	struct signal_struct *sig = leader->signal;
	struct sums sums = {
		.utime = sig->utime,
		.stime = sig->stime,
		.rtime = sig->sum_sched_runtime,
	};
	struct task_struct *t;

	for_each_thread(leader, t) {
		if (tickless) {
			add_tickless(&sums, t);
		} else {
			sums.utime += read_u64(&t->utime);
			sums.stime += read_u64(&t->stime);
			sums.rtime += read_u64(&t->se.sum_exec_runtime);
		}
	}
	return sums;
}

static noinline struct sums add_threads_tickless(struct task_struct *leader)
{
	return add_threads(leader, true);
}

/* Threads are dying in numbers: makes them wait, so as not to starve. */
static noinline struct sums sum_group_locked(struct task_struct *leader)
{
	struct signal_struct *sig = leader->signal;
	unsigned long flags;
	struct sums sums;

	read_seqlock_excl_irqsave(&sig->stats_lock, flags);
	sums = add_threads(leader, urt_tickless());
	read_sequnlock_excl_irqrestore(&sig->stats_lock, flags);
	return sums;
}

/* A thread is counted alive or dead, never both: stats_lock sees it move. */
static __always_inline struct sums sum_group(struct task_struct *leader)
{
	struct signal_struct *sig = leader->signal;
	unsigned int seq = read_seqbegin(&sig->stats_lock);
	struct sums sums;

	if (urt_tickless())
		sums = add_threads_tickless(leader);
	else
		sums = add_threads(leader, false);
	if (unlikely(read_seqretry(&sig->stats_lock, seq)))
		return sum_group_locked(leader);
	return sums;
}

#ifdef CONFIG_VIRT_CPU_ACCOUNTING_NATIVE
/* The hardware tells user from kernel mode (s390, powerpc): nothing to scale. */
static void split(struct urt_cputime *ct, struct sums sums)
{
	ct->utime = max(ct->utime, sums.utime);
	ct->stime = max(ct->stime, sums.stime);
}

static void adopt_final(struct urt_cputime *ct, const struct signal_struct *sig)
{
}
#else
/* stime's share of rtime; never more than rtime, whatever the rounding. */
static u64 scale_stime(struct sums sums)
{
	if (!sums.stime)
		return 0;
	if (!sums.utime)
		return sums.rtime;
	return min(sums.rtime,
		   mul_u64_u64_div_u64(sums.stime, sums.rtime,
				       sums.stime + sums.utime));
}

/* Most processes sleep: what has not run needs no scaling. */
static void split(struct urt_cputime *ct, struct sums sums)
{
	u64 stime;

	if (sums.rtime <= ct->utime + ct->stime)
		return;
	/*
	 * Neither part may shrink. The total has grown, so if the one keeps its
	 * old value there is room for the other's.
	 */
	stime = max(scale_stime(sums), ct->stime);
	stime = min(stime, sums.rtime - ct->utime);
	ct->utime = sums.rtime - stime;
	ct->stime = stime;
}

/*
 * What wait4() was told when it reaped the process, if it has been reaped by
 * wait4(), of the same total, and if we have not shown more of either part.
 * Nobody writes it any more.
 */
static void adopt_final(struct urt_cputime *ct, const struct signal_struct *sig)
{
	const struct prev_cputime *prev = &sig->prev_cputime;

	if (prev->utime + prev->stime == sig->sum_sched_runtime &&
	    prev->utime >= ct->utime && prev->stime >= ct->stime) {
		ct->utime = prev->utime;
		ct->stime = prev->stime;
	}
}
#endif

/**
 * urt_cputime_sample() - bring the CPU time of a living process up to date
 * @leader: its thread group leader, zombie or not; the caller is under RCU
 * @ct: what an earlier call left there, or zeroes
 *
 * On nohz_full CPUs, and on others by up to a tick, time that is being spent
 * right now may be missing; it is there next time.
 */
void urt_cputime_sample(struct task_struct *leader, struct urt_cputime *ct)
{
	split(ct, sum_group(leader));
}

/**
 * urt_cputime_final() - the CPU time of a process that has been released
 * @leader: its thread group leader, from the sched_process_free tracepoint
 * @ct: what was shown of it last; receives the final value
 *
 * Every thread is counted in the signal struct by now and nobody changes it.
 */
void urt_cputime_final(struct task_struct *leader, struct urt_cputime *ct)
{
	const struct signal_struct *sig = leader->signal;
	struct sums sums = {
		.utime = sig->utime,
		.stime = sig->stime,
		.rtime = sig->sum_sched_runtime,
	};

	adopt_final(ct, sig);
	split(ct, sums);
}
