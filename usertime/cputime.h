/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_CPUTIME_H
#define URT_CPUTIME_H

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "compat.h"
#include "split.h"

struct urt_samples;

/* CPU time that a process has used so far, in nanoseconds. The sum is exact. */
struct urt_cputime {
	u64 utime;
	u64 stime;
};

/* Sums over a thread group: samples of the tick, and the exact run time. */
struct urt_sums {
	u64 utime;
	u64 stime;
	u64 rtime;
};

#ifdef CONFIG_64BIT
static inline u64 urt_read_u64(const u64 *p)
{
	return READ_ONCE(*p);
}
#else
/**
 * urt_read_u64() - read a u64 that its owner writes without a lock
 * @p: the u64
 *
 * No lock that we could take protects it. The owner writes it in two stores.
 * When the low half overflows, a reader between the stores may pair an old low
 * half with a new high half. This value is 4.3 s too large, and a value that
 * never goes backwards would keep it forever. Compilers store the low half
 * first. This reads the high half before the low one, and once more after it.
 * Only the other mixture is left, a value that is too small for once. It does
 * no harm. x86 shows stores in their order. A 32-bit processor that does not,
 * such as ARM, may still show the high half first: no test runs on one.
 *
 * Context: Any.
 * Return: the value.
 */
static inline u64 urt_read_u64(const u64 *p)
{
	const u32 *half = (const u32 *)p;
	const int low = IS_ENABLED(CONFIG_CPU_BIG_ENDIAN);
	u32 hi, lo;

	do {
		hi = READ_ONCE(half[!low]);
		smp_rmb();	/* the high half first */
		lo = READ_ONCE(half[low]);
		smp_rmb();	/* and once more, after the low half */
	} while (hi != READ_ONCE(half[!low]));
	return (u64)hi << 32 | lo;
}
#endif

/**
 * urt_sums_of_dead() - what the dead threads of a process have used
 * @sig: of the process
 *
 * Context: Any. The caller checks stats_lock, unless no task changes @sig any
 * more.
 * Return: the sums.
 */
static inline struct urt_sums urt_sums_of_dead(const struct signal_struct *sig)
{
	return (struct urt_sums) {
		.utime = sig->utime,
		.stime = sig->stime,
		.rtime = sig->sum_sched_runtime,
	};
}

/**
 * urt_sums_add() - add what a living thread has used
 * @sums: over the thread group
 * @t: the thread
 *
 * Context: RCU read side.
 */
static inline void urt_sums_add(struct urt_sums *sums,
				const struct task_struct *t)
{
	sums->utime += urt_read_u64(&t->utime);
	sums->stime += urt_read_u64(&t->stime);
	sums->rtime += urt_read_u64(&t->se.sum_exec_runtime);
}

void urt_cputime_split(struct urt_cputime *ct, struct urt_sums sums);
void urt_cputime_sample_slow(struct task_struct *leader,
			     struct urt_cputime *ct);
void urt_cputime_sample_precise(struct task_struct *leader,
				struct urt_cputime *ct,
				struct urt_samples *samples,
				struct urt_accuracy *accuracy);
void urt_cputime_final(struct task_struct *leader, struct urt_cputime *ct);
void urt_cputime_final_precise(struct task_struct *leader,
			       struct urt_cputime *ct,
			       struct urt_samples *samples,
			       struct urt_accuracy *accuracy);

/**
 * urt_cputime_sample() - bring the CPU time of a living process up to date
 * @leader: its thread group leader, zombie or not
 * @ct: what an earlier call left there, or zeroes
 *
 * The sample may lack up to one tick of a running thread. On nohz_full CPUs it
 * may lack more. The next sample has this time.
 *
 * This is inline, because it is most of what a refresh does. Most processes
 * sleep, and a process that has not run needs no scaling.
 *
 * Context: RCU read side. The caller holds the lock of @ct.
 */
static __always_inline void urt_cputime_sample(struct task_struct *leader,
					       struct urt_cputime *ct)
{
	struct signal_struct *sig = leader->signal;
	/* A dying thread moves its sums into @sig. seq tells us if one did. */
	unsigned int seq = read_seqbegin(&sig->stats_lock);
	struct urt_sums sums = urt_sums_of_dead(sig);
	struct task_struct *t;

	__for_each_thread(sig, t)
		urt_sums_add(&sums, t);
	if (unlikely(urt_tickless() || read_seqretry(&sig->stats_lock, seq)))
		urt_cputime_sample_slow(leader, ct);
	else if (sums.rtime != ct->utime + ct->stime)
		urt_cputime_split(ct, sums);
}

#endif
