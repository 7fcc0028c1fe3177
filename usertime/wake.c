// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wake-ups: everybody who waits is told, and nobody pays for others' waiting.
 *
 * A user can have as many waiters as epoll(7) allows, all on one open file. The
 * time that it takes to tell them must be neither the refresh's of status, which
 * is everybody's, nor one stretch. Each part of an account has a queue of its
 * own for status and stat therefore, and work that tells those in it of a
 * generation. What that costs keeps that part's next one away, as refreshes do
 * those of sessions.
 */
#include "wake.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "pace.h"
#include "quota.h"

/* In stretches of so many waiters, others get the CPU. */
#define STRETCH 32

static int stay(wait_queue_entry_t *entry, unsigned int mode, int flags,
		void *key)
{
	return 0;
}

/* Tells some of those behind the mark, which moves on. Return: whether more are. */
static bool wake_some(wait_queue_head_t *queue, wait_queue_entry_t *mark,
		      __poll_t events)
{
	wait_queue_entry_t *entry;
	int n;

	lockdep_assert_held(&queue->lock);
	for (n = 0; n < STRETCH; n++) {
		if (list_is_last(&mark->entry, &queue->head))
			return false;
		entry = list_next_entry(mark, entry);
		list_move(&mark->entry, &entry->entry);
		/* It may leave the queue by that, and be freed. */
		entry->func(entry, TASK_INTERRUPTIBLE, 0, poll_to_key(events));
	}
	return true;
}

/**
 * urt_wake() - wake all who wait for one of these events
 * @queue: where, exclusively or not
 * @events: that have happened
 *
 * Those who come while it runs know already, and come before the mark. wake_up()
 * would stop at the first who waits exclusively, and tell all in one stretch.
 *
 * Context: may sleep.
 */
void urt_wake(wait_queue_head_t *queue, __poll_t events)
{
	wait_queue_entry_t mark = { .func = stay };
	unsigned long flags;
	bool more;

	if (!wq_has_sleeper(queue))
		return;
	spin_lock_irqsave(&queue->lock, flags);
	list_add(&mark.entry, &queue->head);
	for (;;) {
		more = wake_some(queue, &mark, events);
		if (!more)
			list_del(&mark.entry);
		spin_unlock_irqrestore(&queue->lock, flags);
		if (!more)
			return;
		cond_resched();
		spin_lock_irqsave(&queue->lock, flags);
	}
}

/* Who waits in status and stat, of one part of an account. */
struct urt_waiters {
	struct list_head node;		/* of all_waiters */
	unsigned int files;		/* waiters_lock; that are open */
	struct urt_part *part;		/* whose file holds a reference */
	wait_queue_head_t queue;
	struct delayed_work work;	/* tells them of a generation */
};

/* Refreshes take it: a task that is kept from running must not hold it. */
static DEFINE_SPINLOCK(waiters_lock);
static LIST_HEAD(all_waiters);		/* waiters_lock */

static void tell(struct work_struct *work)
{
	struct urt_waiters *waiters = container_of(to_delayed_work(work),
						   struct urt_waiters, work);
	u64 begin = ktime_get_ns();

	urt_wake(&waiters->queue, EPOLLIN | EPOLLRDNORM | EPOLLPRI);
	urt_pace_pay_for(&waiters->part->quiet_until, ktime_get_ns() - begin);
}

/**
 * urt_waiters_get() - where to wait for a generation of status
 * @part: of the opener's account
 *
 * Return: for urt_waiters_put(), or NULL without memory.
 */
struct urt_waiters *urt_waiters_get(struct urt_part *part)
{
	struct urt_waiters *waiters, *new;

	/* Before the lock: who is short of memory makes nobody else wait. */
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	init_waitqueue_head(&new->queue);
	INIT_DELAYED_WORK(&new->work, tell);
	new->part = part;

	spin_lock(&waiters_lock);
	waiters = part->waiters;
	if (!waiters) {
		waiters = new;
		new = NULL;
		part->waiters = waiters;
		list_add(&waiters->node, &all_waiters);
	}
	waiters->files++;
	spin_unlock(&waiters_lock);
	kfree(new);
	return waiters;
}

/* Whoever waited has left: their file is closed. */
void urt_waiters_put(struct urt_waiters *waiters)
{
	bool last;

	spin_lock(&waiters_lock);
	last = !--waiters->files;
	if (last) {
		waiters->part->waiters = NULL;
		list_del(&waiters->node);
	}
	spin_unlock(&waiters_lock);
	if (!last)
		return;
	cancel_delayed_work_sync(&waiters->work);
	kfree(waiters);
}

wait_queue_head_t *urt_waiters_queue(struct urt_waiters *waiters)
{
	return &waiters->queue;
}

/* A new generation of status is there. */
void urt_waiters_tell(void)
{
	struct urt_waiters *waiters;
	unsigned int ms;

	spin_lock(&waiters_lock);
	list_for_each_entry(waiters, &all_waiters, node) {
		if (!wq_has_sleeper(&waiters->queue))
			continue;
		ms = urt_pace_quiet_ms(&waiters->part->quiet_until);
		queue_delayed_work(urt_workqueue, &waiters->work,
				   msecs_to_jiffies(ms));
	}
	spin_unlock(&waiters_lock);
}
