/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_SPLIT_H
#define URT_SPLIT_H

#include <linux/types.h>

/* Sums over the samples of a process. A sample weighs its period. */
struct urt_weights {
	u64 user;		/* ns; of samples that met user mode */
	u64 kernel;		/* ns; of the others */
	u64 squares;		/* of all weights, each in units of 256 ns */
	u64 count;		/* samples */
};

/* How well a division into user and system time is known. */
struct urt_accuracy {
	u64 samples;		/* number of samples; 0: the tick's division */
	u64 error_ns;		/* bound for either part; see split.c */
};

void urt_split_add(struct urt_weights *weights, u32 weight_ns, bool user);
bool urt_split_divide(const struct urt_weights *weights, u64 total_ns,
		      u64 cost_ns, u64 *utime, u64 *error_ns);

#endif
