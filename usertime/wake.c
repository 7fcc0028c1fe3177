// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wake-ups: the module wakes every waiter, and no user pays for the waiters of
 * another.
 *
 * A user can have as many waiters as epoll(7) allows, all on one open file. The
 * time that it takes to wake them must not be a part of the refresh of status,
 * which serves all users. It must not be one stretch either. Each part of an
 * account therefore has a queue of its own for status and stat, and work that
 * wakes this queue at a generation. The cost of this work keeps the next
 * wake-up of that part away, as the cost of refreshes does for sessions.
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

/* Wake-ups let other tasks run after this many waiters. */
#define STRETCH 32

static int stay(wait_queue_entry_t *entry, unsigned int mode, int flags,
		void *key)
{
	return 0;
}

/*
 * Wakes some waiters behind the mark, and moves the mark on. Return: whether
 * there are more.
 */
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
		/* The waiter may then leave the queue, and be freed. */
		entry->func(entry, TASK_INTERRUPTIBLE, 0, poll_to_key(events));
	}
	return true;
}

/**
 * urt_wake() - wake all who wait for one of these events
 * @queue: its waiters may be exclusive
 * @events: that have happened
 *
 * A waiter that comes while this runs knows of the events, and comes before the
 * mark. wake_up() would stop at the first exclusive waiter, and would wake all
 * in one stretch.
 *
 * Context: Process. May sleep.
 */
void urt_wake(wait_queue_head_t *queue, __poll_t events)
{
	wait_queue_entry_t mark = { .func = stay };
	unsigned long flags;
	bool more;

	/*
	 * wq_has_sleeper() has a barrier. It pairs with those of the functions
	 * that poll, and with wait_event() of readers.
	 */
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

/* Waiters in status and stat, of one part of an account. */
struct urt_waiters {
	struct list_head node;		/* of all_waiters */
	unsigned int files;		/* waiters_lock; open ones */
	struct urt_part *part;		/* a file holds a reference */
	wait_queue_head_t queue;
	struct delayed_work work;	/* wakes them for a generation */
};

/*
 * Refreshes take this. It is a spinlock, because a task that is kept from
 * running must not hold it.
 */
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
 * Context: Process. Allocates memory, then takes waiters_lock.
 * Return: a reference for urt_waiters_put(), or NULL without memory.
 */
struct urt_waiters *urt_waiters_get(struct urt_part *part)
{
	struct urt_waiters *waiters, *new;

	/* Allocate before locking, so that slow memory delays no other user. */
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

/**
 * urt_waiters_put() - drop a reference to waiters
 * @waiters: of a file that is closed, so that its pollers have left
 *
 * Context: Process. Takes waiters_lock. Waits for work.
 */
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

/**
 * urt_waiters_queue() - the queue to wait in
 * @waiters: of an open file
 *
 * Context: Process.
 * Return: the queue.
 */
wait_queue_head_t *urt_waiters_queue(struct urt_waiters *waiters)
{
	return &waiters->queue;
}

/**
 * urt_waiters_tell() - wake the waiters for a new generation of status
 *
 * Context: Process. The caller holds the system registry's lock. Takes
 * waiters_lock.
 */
void urt_waiters_tell(void)
{
	struct urt_waiters *waiters;
	unsigned int ms;

	spin_lock(&waiters_lock);
	list_for_each_entry(waiters, &all_waiters, node) {
		/* Its barrier pairs with smp_mb() in file_poll(). */
		if (!wq_has_sleeper(&waiters->queue))
			continue;
		ms = urt_pace_quiet_ms(&waiters->part->quiet_until);
		queue_delayed_work(urt_workqueue, &waiters->work,
				   msecs_to_jiffies(ms));
	}
	spin_unlock(&waiters_lock);
}
