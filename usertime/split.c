// SPDX-License-Identifier: GPL-2.0-only
/*
 * From samples to a division of CPU time, and to a bound of its error.
 *
 * A sample that stands for a period of w ns adds w to the side on which it met
 * the process. The share of user time is wu / (wu + wk). Periods grow, so
 * samples differ in weight. Together they are worth (sum of w)^2 / (sum of w^2)
 * samples of one weight (L. Kish, Survey Sampling, 1965, 11.7).
 *
 * The bound is the farther end of the score interval of a proportion (E. B.
 * Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22, 1927), for 95 of 100 processes: z = 1.96. Unlike the
 * usual p +- z * sqrt(p * (1 - p) / n), it is honest if samples are few, or all
 * alike. After ten samples in user mode, it allows for 37 % system time.
 *
 * Samples are not independent. Their distance varies by half a period to each
 * side, which suffices for a program that repeats itself once in a period. The
 * worst case is a program that repeats itself in two thirds of a period. There,
 * the correlation of neighbours is sinc(3/2) = 0.21, and the variance is
 * (1 + 0.21) / (1 - 0.21) = 1.54 times that of independent samples. Therefore
 * z^2 = 1.96^2 * 1.5 = 144 / 25. For slower programs the variance is less, and
 * the bound too large.
 */
#include "split.h"

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#define WEIGHT_SHIFT 8		/* of squares, which would overflow in hours */

#define SHARE_SHIFT 20
#define SHARE_ONE BIT_ULL(SHARE_SHIFT)

/* z^2 as above. */
#define Z2_NUM 144
#define Z2_DEN 25

/* More samples say nothing new: the error is 0.06 % of the time. */
#define SAMPLES_MAX BIT_ULL(24)

/* This part of the cost is unknown. Samples cost more in user mode. */
#define COST_ERROR(own) ((own) / 4)

/* Samples count only if they stand for this much of the time. */
#define COVERED(total) ((total) / 2)

/**
 * urt_split_add() - add a sample
 * @weights: of the samples so far
 * @weight_ns: time that the sample stands for, at most some milliseconds
 * @user: whether it met user mode
 *
 * Context: Any. The caller holds the lock of @weights.
 */
void urt_split_add(struct urt_weights *weights, u32 weight_ns, bool user)
{
	u64 units = weight_ns >> WEIGHT_SHIFT;

	if (user)
		weights->user += weight_ns;
	else
		weights->kernel += weight_ns;
	weights->squares += units * units;
	weights->count++;
}

/* Return: how many samples of one weight these are worth. */
static u64 effective_samples(const struct urt_weights *weights)
{
	u64 sum = (weights->user + weights->kernel) >> WEIGHT_SHIFT;

	return clamp_t(u64, mul_u64_u64_div_u64(sum, sum, weights->squares), 1,
		       SAMPLES_MAX);
}

/*
 * Wilson's interval for a share p of n samples has its centre at
 *
 *	(p + z^2 / 2n) / (1 + z^2 / n)
 *
 * and reaches to each side by
 *
 *	z * sqrt(p * (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n)
 *
 * Its farther end is away from p by
 *
 *	(z^2 * |1/2 - p| + sqrt(z^2 * n * p * (1 - p) + z^4 / 4)) / (n + z^2)
 *
 * Return: that, in units of 1 / SHARE_ONE.
 */
static u64 wilson(u64 share, u64 n)
{
	u64 off = share > SHARE_ONE / 2 ? share - SHARE_ONE / 2 :
					  SHARE_ONE / 2 - share;
	u64 variance = (share * (SHARE_ONE - share)) >> SHARE_SHIFT;
	u64 radicand;

	/* Four bits more than a share's, so that its root has twelve. */
	radicand = div_u64(Z2_NUM * n * variance, Z2_DEN) +
		   div_u64(Z2_NUM * Z2_NUM * SHARE_ONE, 4 * Z2_DEN * Z2_DEN);
	off = div_u64(Z2_NUM * off, Z2_DEN) >> (SHARE_SHIFT - 12);
	off += int_sqrt64(radicand << 4) + 1;
	return div64_u64((off << (SHARE_SHIFT - 12)) * Z2_DEN,
			 n * Z2_DEN + Z2_NUM);
}

/* Return: @share of @ns, rounded up. */
static u64 part_of(u64 ns, u64 share)
{
	return mul_u64_u64_shr(ns, share, SHARE_SHIFT) + 1;
}

/**
 * urt_split_divide() - divide a process's time as its samples say
 * @weights: of its samples
 * @total_ns: the exact time that is to be divided
 * @cost_ns: kernel time in it that each sample has taken
 * @utime: user time, on return
 * @error_ns: bound of the error on return; it holds for 95 of 100 processes
 *
 * Time that no sample stands for counts as an error.
 *
 * Context: Any.
 * Return: whether there are enough samples. If not, nothing is set.
 */
bool urt_split_divide(const struct urt_weights *weights, u64 total_ns,
		      u64 cost_ns, u64 *utime, u64 *error_ns)
{
	u64 covered = weights->user + weights->kernel;
	u64 own = min(weights->count * cost_ns, total_ns);
	u64 rest = total_ns - own, share;

	if (!weights->count || !weights->squares || covered < COVERED(rest))
		return false;
	share = mul_u64_u64_div_u64(weights->user, SHARE_ONE, covered);
	*utime = min(rest, mul_u64_u64_div_u64(rest, weights->user, covered));
	*error_ns = part_of(rest, wilson(share, effective_samples(weights))) +
		    COST_ERROR(own);
	if (covered < rest)
		*error_ns += rest - covered;
	return true;
}
