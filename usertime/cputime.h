/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_CPUTIME_H
#define URT_CPUTIME_H

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "compat.h"

/* What a process has used so far, in nanoseconds; the sum is exact. */
struct urt_cputime {
	u64 utime;
	u64 stime;
};

/* Sums over a thread group: samples of the tick, and the run time proper. */
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
/*
 * A u64 that its owner writes without a lock that we could take, in two stores.
 * When the low half overflows, a reader between the stores may pair an old low
 * half with a new high half: 4.3 s too much, kept forever by whoever never goes
 * backwards. Compilers store the low half first, so reading the high half
 * before the low one, and once more after it, leaves only the other mixture, a
 * value that is too small for once; that one is harmless.
 */
static inline u64 urt_read_u64(const u64 *p)
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

static inline struct urt_sums urt_sums_of_dead(const struct signal_struct *sig)
{
	return (struct urt_sums) {
		.utime = sig->utime,
		.stime = sig->stime,
		.rtime = sig->sum_sched_runtime,
	};
}

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
void urt_cputime_final(struct task_struct *leader, struct urt_cputime *ct);

/**
 * urt_cputime_sample() - bring the CPU time of a living process up to date
 * @leader: its thread group leader, zombie or not; the caller is under RCU
 * @ct: what an earlier call left there, or zeroes
 *
 * On nohz_full CPUs, and on others by up to a tick, time that is being spent
 * right now may be missing; it is there next time.
 *
 * Inline: most of what a refresh does is done in here. Most processes sleep, and
 * what has not run needs no scaling.
 */
static __always_inline void urt_cputime_sample(struct task_struct *leader,
					       struct urt_cputime *ct)
{
	struct signal_struct *sig = leader->signal;
	/* A thread is counted alive or dead, never both: this sees it move. */
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
