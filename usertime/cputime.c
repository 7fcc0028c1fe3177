// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU time of one process is that of all its threads, live and dead.
 *
 * The scheduler counts run time to the nanosecond (sum_exec_runtime). The tick
 * only samples whether the time was spent in user or in kernel mode. As for
 * /proc/PID/stat, the exact total is therefore divided in the proportion of the
 * samples, and neither part ever shrinks. The kernel does not export its
 * arithmetic for this (cputime_adjust()), so urt_cputime_split() repeats it.
 *
 * The caller keeps what was shown before, under its own lock. The kernel's
 * signal->prev_cputime would make one sequence of our values and those of
 * /proc/PID/stat. However, its lock must be taken with interrupts off, and is
 * half the cost of a refresh. Besides, the field is not ours to write.
 */
#include "cputime.h"

#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>

#include "compat.h"
#include "sample.h"

/*
 * If some CPU runs without a tick (nohz_full), the fields of a thread may be a
 * second old. This call adds what is pending, as reading
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

/*
 * Many threads are dying. The lock makes them wait, so that this does not
 * starve.
 */
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
/**
 * urt_cputime_split() - divide a total into user and system time
 * @ct: what was shown last; receives the new values
 * @sums: over the thread group
 *
 * Neither part ever shrinks. On s390 and powerpc the hardware tells user from
 * kernel mode, and nothing is scaled.
 *
 * Context: Any. The caller holds the lock of @ct.
 */
void urt_cputime_split(struct urt_cputime *ct, struct urt_sums sums)
{
	ct->utime = max(ct->utime, sums.utime);
	ct->stime = max(ct->stime, sums.stime);
}

static void adopt_final(struct urt_cputime *ct, const struct signal_struct *sig)
{
}
#else
/*
 * Return: the share of stime in rtime. Rounding never makes it more than rtime.
 */
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
	 * Neither part may shrink. The total has grown. If one part keeps its
	 * old value, there is therefore room for that of the other.
	 */
	stime = max(scale_stime(sums), ct->stime);
	stime = min(stime, sums.rtime - ct->utime);
	ct->utime = sums.rtime - stime;
	ct->stime = stime;
}

/*
 * Takes the values that wait4() reported when it reaped the process. It does so
 * only if wait4() did reap the process, if the total is the same, and if
 * neither part was shown with more. No task writes these values any more.
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

static struct urt_sums sums_of(struct task_struct *leader)
{
	unsigned int seq = read_seqbegin(&leader->signal->stats_lock);
	struct urt_sums sums = sum_group(leader);

	if (read_seqretry(&leader->signal->stats_lock, seq))
		sums = sum_group_locked(leader);
	return sums;
}

/**
 * urt_cputime_sample_slow() - do what urt_cputime_sample() leaves to do
 * @leader: as for urt_cputime_sample()
 * @ct: as for urt_cputime_sample()
 *
 * This copes with CPUs without a tick, and with threads that die meanwhile.
 *
 * Context: RCU read side. Takes stats_lock if threads die. The caller holds the
 * lock of @ct.
 */
void urt_cputime_sample_slow(struct task_struct *leader,
			     struct urt_cputime *ct)
{
	urt_cputime_split(ct, sums_of(leader));
}

/* Adds to the error how far @ct is from a division into @utime and the rest. */
static void bound_error(struct urt_accuracy *accuracy,
			const struct urt_cputime *ct, u64 utime)
{
	u64 most = max(ct->utime, ct->stime);

	/* A part never shrinks below what was shown before. */
	accuracy->error_ns += max(utime, ct->utime) - min(utime, ct->utime);
	if (!accuracy->samples || accuracy->error_ns > most)
		accuracy->error_ns = most;
}

/**
 * urt_cputime_sample_precise() - urt_cputime_sample() for a sampled process
 * @leader: as for urt_cputime_sample()
 * @ct: as for urt_cputime_sample()
 * @samples: of the process, or NULL
 * @accuracy: of the division, on return
 *
 * Context: RCU read side. The caller holds the lock of @ct.
 */
void urt_cputime_sample_precise(struct task_struct *leader,
				struct urt_cputime *ct,
				struct urt_samples *samples,
				struct urt_accuracy *accuracy)
{
	struct urt_sums sums = sums_of(leader);

	urt_samples_divide(samples, &sums, accuracy);
	urt_cputime_split(ct, sums);
	bound_error(accuracy, ct, sums.utime);
}

/**
 * urt_cputime_final() - the CPU time of a process that has been released
 * @leader: its thread group leader, from the sched_process_free tracepoint
 * @ct: what was shown of it last; receives the final value
 *
 * By now every thread is counted in the signal struct, and no task changes it.
 *
 * Context: Probe in softirq. The caller holds the registry's probe_lock.
 */
void urt_cputime_final(struct task_struct *leader, struct urt_cputime *ct)
{
	const struct signal_struct *sig = leader->signal;

	adopt_final(ct, sig);
	urt_cputime_split(ct, urt_sums_of_dead(sig));
}

/**
 * urt_cputime_final_precise() - the final CPU time of a sampled process
 * @leader: as for urt_cputime_final()
 * @ct: as for urt_cputime_final()
 * @samples: of the process, or NULL
 * @accuracy: of the division, on return
 *
 * Context: Probe of free. The caller holds the registry's probe_lock.
 */
void urt_cputime_final_precise(struct task_struct *leader,
			       struct urt_cputime *ct,
			       struct urt_samples *samples,
			       struct urt_accuracy *accuracy)
{
	struct urt_sums sums = urt_sums_of_dead(leader->signal);

	urt_samples_divide(samples, &sums, accuracy);
	if (!accuracy->samples)
		adopt_final(ct, leader->signal);
	urt_cputime_split(ct, sums);
	bound_error(accuracy, ct, sums.utime);
}
