// SPDX-License-Identifier: GPL-2.0-only
/*
 * All entries of all registries by their process's signal_struct.
 *
 * The pointer is compared and never followed. It identifies a process from
 * fork to sched_process_free, through exec and the death of its leader, and an
 * entry leaves the index there, before the memory can become another's.
 *
 * Tracepoint probes read under RCU and, for processes that nobody registered,
 * take no lock. They also write, where nothing may sleep even on PREEMPT_RT:
 * hence raw locks, held for a few instructions, inside of a registry's
 * probe_lock.
 */
#include "index.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "entry.h"
#include "registry.h"

#define LOCK_BITS 6

struct hlist_head *urt_index_buckets;
unsigned int urt_index_bits;
atomic_t urt_indexed = ATOMIC_INIT(0);
static raw_spinlock_t locks[1 << LOCK_BITS];

/**
 * urt_index_init() - make room
 * @entries: the most that will be indexed; four of them share a bucket then
 *
 * Return: 0 or -ENOMEM.
 */
int urt_index_init(unsigned int entries)
{
	int i;

	urt_index_bits = max(ilog2(roundup_pow_of_two(entries)) - 2,
			     LOCK_BITS);
	urt_index_buckets = kvcalloc(1UL << urt_index_bits,
				     sizeof(*urt_index_buckets), GFP_KERNEL);
	if (!urt_index_buckets)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(locks); i++)
		raw_spin_lock_init(&locks[i]);
	return 0;
}

void urt_index_exit(void)
{
	kvfree(urt_index_buckets);
}

static raw_spinlock_t *bucket_lock(const struct urt_entry *entry)
{
	return &locks[hash_ptr(entry->signal, urt_index_bits) >>
		      (urt_index_bits - LOCK_BITS)];
}

/* Interrupts are off: the caller holds the entry's registry's probe_lock. */
void urt_index_add(struct urt_entry *entry)
{
	raw_spinlock_t *lock = bucket_lock(entry);

	lockdep_assert_held(&entry->registry->probe_lock);
	atomic_inc(&urt_indexed);
	raw_spin_lock(lock);
	hlist_add_head_rcu(&entry->index, urt_index_bucket(entry->signal));
	raw_spin_unlock(lock);
}

/* The end of the process and the end of the entry come here: first wins. */
void urt_index_del(struct urt_entry *entry)
{
	raw_spinlock_t *lock = bucket_lock(entry);

	lockdep_assert_held(&entry->registry->probe_lock);
	if (hlist_unhashed(&entry->index))
		return;
	raw_spin_lock(lock);
	hlist_del_init_rcu(&entry->index);
	raw_spin_unlock(lock);
	atomic_dec(&urt_indexed);
}
