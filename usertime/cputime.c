// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU time of one process: all its threads, live and dead.
 *
 * The scheduler counts run time to the nanosecond (sum_exec_runtime), while the
 * tick only samples whether it was spent in user or in kernel mode. As for
 * /proc/PID/stat, the exact total is therefore divided in the proportion of the
 * samples. The kernel does not export thread_group_cputime_adjusted(), so its
 * arithmetic stands here once more; it works on the same signal->prev_cputime,
 * under the same lock, so that what we show, what /proc/PID/stat shows and what
 * wait4() returns are one sequence of values that never goes backwards.
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

static void add_thread(struct sums *sums, struct task_struct *t)
{
	u64 rtime = read_u64(&t->se.sum_exec_runtime);
	u64 utime, stime;

	if (urt_tickless()) {
		/*
		 * Some CPU runs without a tick (nohz_full): what the thread's
		 * fields say may be a second old. This call adds what is
		 * pending, as reading /proc/PID/task/TID/stat does.
		 */
		task_cputime_adjusted(t, &utime, &stime);
		rtime = max(rtime, utime + stime);
	} else {
		utime = read_u64(&t->utime);
		stime = read_u64(&t->stime);
	}
	sums->utime += utime;
	sums->stime += stime;
	sums->rtime += rtime;
}

static void add_threads(struct sums *sums, struct task_struct *leader)
{
	struct signal_struct *sig = leader->signal;
	struct task_struct *t;

	sums->utime = sig->utime;
	sums->stime = sig->stime;
	sums->rtime = sig->sum_sched_runtime;
	for_each_thread(leader, t)
		add_thread(sums, t);
}

/* A thread is counted alive or dead, never both: stats_lock sees it move. */
static void sum_group(struct task_struct *leader, struct sums *sums)
{
	struct signal_struct *sig = leader->signal;
	unsigned int seq = read_seqbegin(&sig->stats_lock);
	unsigned long flags;

	add_threads(sums, leader);
	if (likely(!read_seqretry(&sig->stats_lock, seq)))
		return;
	/* Threads are dying in numbers: make them wait, do not starve. */
	read_seqlock_excl_irqsave(&sig->stats_lock, flags);
	add_threads(sums, leader);
	read_sequnlock_excl_irqrestore(&sig->stats_lock, flags);
}

#ifdef CONFIG_VIRT_CPU_ACCOUNTING_NATIVE
/* The hardware tells user from kernel mode (s390, powerpc): nothing to scale. */
static void split(struct signal_struct *sig, const struct sums *sums,
		  struct urt_cputime *ct)
{
	ct->utime = max(ct->utime, sums->utime);
	ct->stime = max(ct->stime, sums->stime);
}
#else
/* stime's share of rtime; never more than rtime, whatever the rounding. */
static u64 scale_stime(const struct sums *sums)
{
	if (!sums->stime)
		return 0;
	if (!sums->utime)
		return sums->rtime;
	return min(sums->rtime,
		   mul_u64_u64_div_u64(sums->stime, sums->rtime,
				       sums->stime + sums->utime));
}

/* What the scheduler's cputime_adjust() does. */
static void split(struct signal_struct *sig, const struct sums *sums,
		  struct urt_cputime *ct)
{
	struct prev_cputime *prev = &sig->prev_cputime;
	unsigned long flags;
	u64 stime;

	raw_spin_lock_irqsave(&prev->lock, flags);
	if (prev->utime + prev->stime < sums->rtime) {
		/*
		 * Neither part may shrink. The total has grown, so if the one
		 * keeps its old value there is room for the other's.
		 */
		stime = max(scale_stime(sums), prev->stime);
		stime = min(stime, sums->rtime - prev->utime);
		prev->utime = sums->rtime - stime;
		prev->stime = stime;
	}
	ct->utime = prev->utime;
	ct->stime = prev->stime;
	raw_spin_unlock_irqrestore(&prev->lock, flags);
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
	struct sums sums;

	sum_group(leader, &sums);
	/* Most processes sleep: what has not run needs no scaling. */
	if (sums.rtime != ct->utime + ct->stime)
		split(leader->signal, &sums, ct);
}

/**
 * urt_cputime_final() - the CPU time of a process that has been released
 * @leader: its thread group leader, from the sched_process_free tracepoint
 * @ct: receives it
 *
 * Every thread is counted in the signal struct by now and nobody changes it.
 */
void urt_cputime_final(struct task_struct *leader, struct urt_cputime *ct)
{
	struct signal_struct *sig = leader->signal;
	struct sums sums = {
		.utime = sig->utime,
		.stime = sig->stime,
		.rtime = sig->sum_sched_runtime,
	};

	split(sig, &sums, ct);
}
