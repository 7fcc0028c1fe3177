/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_INDEX_H
#define URT_INDEX_H

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/types.h>

#include "entry.h"

int urt_index_init(unsigned int entries);
void urt_index_exit(void);

void urt_index_add(struct urt_entry *entry);
void urt_index_del(struct urt_entry *entry);

/* urt_index_look() reads these. Every process of the system pays for this. */
extern atomic_t urt_indexed;
extern struct hlist_head *urt_index_buckets;
extern unsigned int urt_index_bits;

/**
 * urt_index_bucket() - the bucket of a process
 * @signal: identifies the process
 *
 * Context: Any.
 * Return: the bucket.
 */
static inline struct hlist_head *
urt_index_bucket(const struct signal_struct *signal)
{
	return &urt_index_buckets[hash_ptr(signal, urt_index_bits)];
}

/**
 * urt_index_look() - the bucket of a process, if it may have entries
 * @signal: identifies the process
 *
 * While nothing is registered, this tests one flag.
 *
 * Context: Any. Needs no RCU.
 * Return: the bucket, or NULL if the process is in no registry, for sure.
 */
static inline struct hlist_head *
urt_index_look(const struct signal_struct *signal)
{
	struct hlist_head *bucket;

	if (!atomic_read(&urt_indexed))
		return NULL;
	bucket = urt_index_bucket(signal);
	return hlist_empty(bucket) ? NULL : bucket;
}

static inline struct urt_entry *
urt_index_at(struct hlist_node *node, const struct signal_struct *signal)
{
	struct urt_entry *entry;

	for (; node; node = rcu_dereference(hlist_next_rcu(node))) {
		entry = hlist_entry(node, struct urt_entry, index);
		if (entry->signal == signal)
			return entry;
	}
	return NULL;
}

/**
 * urt_index_first() - the first entry of a process
 * @bucket: of the process
 * @signal: identifies the process
 *
 * A process has an entry in each registry that it is registered in.
 *
 * Context: RCU read side. The entry stays valid until rcu_read_unlock().
 * Return: the entry, or NULL.
 */
static inline struct urt_entry *
urt_index_first(struct hlist_head *bucket, const struct signal_struct *signal)
{
	return urt_index_at(rcu_dereference(hlist_first_rcu(bucket)), signal);
}

/**
 * urt_index_next() - the next entry of the same process
 * @entry: the entry before
 *
 * Context: RCU read side. The entry stays valid until rcu_read_unlock().
 * Return: the entry, or NULL.
 */
static inline struct urt_entry *urt_index_next(struct urt_entry *entry)
{
	return urt_index_at(rcu_dereference(hlist_next_rcu(&entry->index)),
			    entry->signal);
}

#endif
