/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_INDEX_H
#define URT_INDEX_H

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/types.h>

struct signal_struct;
struct urt_entry;

int urt_index_init(unsigned int entries);
void urt_index_exit(void);

void urt_index_add(struct urt_entry *entry);
void urt_index_del(struct urt_entry *entry);
struct urt_entry *urt_index_first(const struct signal_struct *signal);
struct urt_entry *urt_index_next(struct urt_entry *entry);

/* For the functions below, which every process of the system pays for. */
extern atomic_t urt_indexed;
extern struct hlist_head *urt_index_buckets;
extern unsigned int urt_index_bits;

static inline struct hlist_head *
urt_index_bucket(const struct signal_struct *signal)
{
	return &urt_index_buckets[hash_ptr(signal, urt_index_bits)];
}

/**
 * urt_index_lacks() - whether a process is in no registry, for sure
 * @signal: identifies it
 *
 * A hint for those who would do nothing then; needs no RCU, and tests one flag
 * while nothing is registered.
 */
static inline bool urt_index_lacks(const struct signal_struct *signal)
{
	return !atomic_read(&urt_indexed) ||
	       hlist_empty(urt_index_bucket(signal));
}

#endif
