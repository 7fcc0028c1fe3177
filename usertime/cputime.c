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
#include "cputime.h"

#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>

#include "compat.h"

/*
 * Some CPU runs without a tick (nohz_full): what the thread's fields say may be
 * a second old. This call adds what is pending, as reading
 * /proc/PID/task/TID/stat does.
 */
static noinline void add_tickless(struct urt_sums *sums, struct task_struct *t)
{
	u64 rtime = urt_read_u64(&t->se.sum_exec_runtime);
	u64 utime, stime;

	task_cputime_adjusted(t, &utime, &stime);
	sums->utime += utime;
	sums->stime += stime;
	sums->rtime += max(rtime, utime + stime);
}

static struct urt_sums sum_group(struct task_struct *leader)
{
	struct signal_struct *sig = leader->signal;
	struct urt_sums sums = urt_sums_of_dead(sig);
	struct task_struct *t;

	__for_each_thread(sig, t) {
		if (urt_tickless())
			add_tickless(&sums, t);
		else
			urt_sums_add(&sums, t);
	}
	return sums;
}

/* Threads are dying in numbers: makes them wait, so as not to starve. */
static noinline struct urt_sums sum_group_locked(struct task_struct *leader)
{
	struct signal_struct *sig = leader->signal;
	struct urt_sums sums;
	unsigned long flags;

	read_seqlock_excl_irqsave(&sig->stats_lock, flags);
	sums = sum_group(leader);
	read_sequnlock_excl_irqrestore(&sig->stats_lock, flags);
	return sums;
}

#ifdef CONFIG_VIRT_CPU_ACCOUNTING_NATIVE
/* The hardware tells user from kernel mode (s390, powerpc): nothing to scale. */
void urt_cputime_split(struct urt_cputime *ct, struct urt_sums sums)
{
	ct->utime = max(ct->utime, sums.utime);
	ct->stime = max(ct->stime, sums.stime);
}

static void adopt_final(struct urt_cputime *ct, const struct signal_struct *sig)
{
}
#else
/* stime's share of rtime; never more than rtime, whatever the rounding. */
static u64 scale_stime(struct urt_sums sums)
{
	if (!sums.stime)
		return 0;
	if (!sums.utime)
		return sums.rtime;
	return min(sums.rtime,
		   mul_u64_u64_div_u64(sums.stime, sums.rtime,
				       sums.stime + sums.utime));
}

void urt_cputime_split(struct urt_cputime *ct, struct urt_sums sums)
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

/* What urt_cputime_sample() leaves to do: the same, whatever comes. */
void urt_cputime_sample_slow(struct task_struct *leader,
			     struct urt_cputime *ct)
{
	unsigned int seq = read_seqbegin(&leader->signal->stats_lock);
	struct urt_sums sums = sum_group(leader);

	if (read_seqretry(&leader->signal->stats_lock, seq))
		sums = sum_group_locked(leader);
	urt_cputime_split(ct, sums);
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

	adopt_final(ct, sig);
	urt_cputime_split(ct, urt_sums_of_dead(sig));
}
