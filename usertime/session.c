// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/urt/session: a registry for each open file.
 *
 * The last close of the file ends the registry. Nothing is registered any more,
 * and there is no timer and no refresh. The close does not wait for probes that
 * are about to look at the session. Instead, the memory is freed a grace period
 * later. One work frees all sessions of a tick, because waking a worker costs
 * more than ending a session.
 */
#include "session.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "map.h"
#include "opener.h"
#include "pace.h"
#include "quota.h"
#include "record.h"
#include "registry.h"
#include "tree.h"
#include "wake.h"
#include "words.h"

/* Only an opener with CAP_SYS_RESOURCE may set a shorter interval. */
#define INTERVAL_MS_MIN_USER 100

/* The state of a session, as a reader finds it. */
enum state {
	NOTHING,	/* no lines yet */
	LINES,
	END,
};

struct session {
	struct urt_registry registry;
	struct urt_opener who;
	struct urt_records records;	/* registry's lock */
	struct urt_mapping mapping;	/* registry's lock */
	enum state state;		/* registry's lock to write */
	wait_queue_head_t readers;	/* tasks that sleep in read() */
	atomic64_t polled;		/* generation poll() reported last */

	struct mutex write_lock;	/* one write at a time */
	struct urt_words words;		/* write_lock */

	struct rcu_head rcu;
	struct llist_node closed;
};

static struct session *session_of(struct urt_registry *reg)
{
	return container_of(reg, struct session, registry);
}

/* --- what the registry tells --- */

static void session_collected(struct urt_registry *reg,
			      struct list_head *entries)
{
	struct session *s = session_of(reg);

	urt_records_add(&s->records, entries, &s->who);
}

static void session_refreshed(struct urt_registry *reg)
{
	struct session *s = session_of(reg);

	urt_mapping_publish(&s->mapping, reg, &s->who);
}

static enum state state_now(const struct session *s)
{
	if (urt_records_waiting(&s->records))
		return LINES;
	/* A reader that has taken lines may still give some of them back. */
	return s->registry.ever_used && !s->registry.count && !s->records.taken ?
		       END : NOTHING;
}

static void session_changed(struct urt_registry *reg)
{
	struct session *s = session_of(reg);
	enum state now;

	s->records.missed += atomic64_xchg(&reg->missed, 0);
	urt_mapping_pace(&s->mapping, reg);
	now = state_now(s);
	if (now == s->state)
		return;
	WRITE_ONCE(s->state, now);
	if (now == NOTHING)
		return;
	urt_wake(&s->readers, EPOLLIN);
	urt_wake(&reg->wait, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
}

static const struct urt_registry_ops session_registry_ops = {
	.collected	= session_collected,
	.refreshed	= session_refreshed,
	.changed	= session_changed,
};

/* --- words --- */

static int word_add(void *session, unsigned int nr)
{
	struct session *s = session;

	return urt_registry_add(&s->registry, &s->who, nr, URT_PLAIN, 0);
}

static int word_tree(void *session, unsigned int nr)
{
	struct session *s = session;

	return urt_tree_add(&s->registry, &s->who, nr);
}

static int word_remove(void *session, unsigned int nr)
{
	struct session *s = session;

	return urt_registry_remove(&s->registry, &s->who, nr);
}

static int word_interval(void *session, unsigned int ms)
{
	struct session *s = session;
	unsigned int min = INTERVAL_MS_MIN_USER;

	if (s->who.exempt)
		min = URT_INTERVAL_MS_MIN;
	if (ms < min || ms > URT_INTERVAL_MS_MAX)
		return -EINVAL;
	urt_registry_set_interval(&s->registry, ms);
	return 0;
}

static int word_precise(void *session, unsigned int us)
{
	struct session *s = session;

	return urt_registry_set_precision(&s->registry, us);
}

static const struct urt_word session_words[] = {
	{ "", 0, word_add },
	{ "", '+', word_add },
	{ "", '-', word_remove },
	{ "tree", 0, word_tree },
	{ "interval", 0, word_interval },
	{ "precise", 0, word_precise },
	{ }
};

static ssize_t session_write(struct file *file, const char __user *buf,
			     size_t count, loff_t *pos)
{
	struct session *s = file->private_data;
	ssize_t ret;

	if (mutex_lock_killable(&s->write_lock))
		return -EINTR;
	ret = urt_words_write(&s->words, session_words, s, buf, count);
	mutex_unlock(&s->write_lock);
	return ret;
}

/* --- lifetime --- */

static int session_open(struct inode *inode, struct file *file)
{
	struct session *s;
	int err;

	if (!urt_module_get())
		return -ENODEV;
	err = -ENOMEM;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		goto err_module;
	err = urt_opener_init(&s->who, file);
	if (err)
		goto err_free;
	err = urt_quota_charge_session(s->who.user, s->who.exempt);
	if (err)
		goto err_opener;
	urt_records_init(&s->records);
	urt_mapping_init(&s->mapping);
	init_waitqueue_head(&s->readers);
	mutex_init(&s->write_lock);
	urt_registry_init(&s->registry, URT_INTERVAL_MS, &session_registry_ops,
			  &s->who.user->part->quiet_until);
	s->registry.opener = &s->who;
	file->private_data = s;
	return stream_open(inode, file);

err_opener:
	urt_opener_exit(&s->who);
err_free:
	kfree(s);
err_module:
	module_put(THIS_MODULE);
	return err;
}

/* Closed sessions, after a grace period. No probe looks at them any more. */
static LLIST_HEAD(closed_sessions);

static void session_free(struct session *s)
{
	cancel_delayed_work_sync(&s->registry.upkeep);
	urt_records_exit(&s->records);
	urt_opener_exit(&s->who);
	kfree(s);
}

static void free_closed(struct work_struct *work)
{
	struct session *s, *next;

	llist_for_each_entry_safe(s, next, llist_del_all(&closed_sessions),
				  closed) {
		session_free(s);
		cond_resched();
	}
}

static DECLARE_DELAYED_WORK(free_work, free_closed);

static void session_after_grace(struct rcu_head *rcu)
{
	struct session *s = container_of(rcu, struct session, rcu);

	if (llist_add(&s->closed, &closed_sessions))
		queue_delayed_work(urt_workqueue, &free_work, 1);
}

/**
 * urt_session_drain() - free all closed sessions
 *
 * Call this when no session can be opened any more.
 *
 * Context: Process. Waits for RCU callbacks and for work.
 */
void urt_session_drain(void)
{
	rcu_barrier();	/* puts all closed sessions on the list */
	flush_delayed_work(&free_work);
}

static int session_release(struct inode *inode, struct file *file)
{
	struct session *s = file->private_data;

	urt_registry_exit(&s->registry);
	/*
	 * No mapping is left. Areas are too large to keep for a grace period.
	 */
	mutex_lock(&s->registry.lock);
	urt_mapping_exit(&s->mapping);
	mutex_unlock(&s->registry.lock);
	urt_quota_uncharge_session(s->who.user);
	call_rcu(&s->rcu, session_after_grace);
	module_put(THIS_MODULE);
	return 0;
}

/* --- reading --- */

/* Return: lines, an error, or NULL. After NULL, *state says why. */
static struct urt_piece *try_take(struct session *s, size_t count,
				  enum state *state)
{
	struct urt_piece *fresh = NULL, *piece = NULL;

	/*
	 * Allocate only if needed, since the kernel may clear what it
	 * allocates.
	 */
	if (READ_ONCE(s->state) == LINES ||
	    !llist_empty(&s->registry.final)) {
		fresh = urt_piece_alloc(count);
		if (!fresh)
			return ERR_PTR(-ENOMEM);
	}
	if (mutex_lock_killable(&s->registry.lock)) {
		urt_piece_free(fresh);
		return ERR_PTR(-EINTR);
	}
	urt_registry_collect_final(&s->registry);
	session_changed(&s->registry);
	if (fresh)
		piece = urt_records_take(&s->records, &s->who, fresh, count);
	session_changed(&s->registry);
	*state = s->state;
	mutex_unlock(&s->registry.lock);

	if (piece != fresh)
		urt_piece_free(fresh);
	return piece;
}

/*
 * Return: lines, NULL at the end of file, or an error; -EAGAIN: no lines yet.
 */
static struct urt_piece *take_piece(struct session *s, size_t count)
{
	struct urt_piece *piece;
	enum state state;

	do {
		piece = try_take(s, count, &state);
		if (piece)
			return piece;
		/* If there are lines, they came after try_take() had looked. */
	} while (state == LINES);
	return state == END ? NULL : ERR_PTR(-EAGAIN);
}

/* Keeps the unread rest of a piece for the next read. */
static void finish_piece(struct session *s, struct urt_piece *piece)
{
	mutex_lock(&s->registry.lock);
	urt_records_finish(&s->records, piece);
	session_changed(&s->registry);
	mutex_unlock(&s->registry.lock);
}

/*
 * Waits if @wait is set. Return: lines, NULL at the end of file, or an error.
 */
static struct urt_piece *await_piece(struct session *s, bool wait, size_t count)
{
	struct urt_piece *piece;

	for (;;) {
		piece = take_piece(s, count);
		if (PTR_ERR_OR_ZERO(piece) != -EAGAIN || !wait)
			return piece;
		if (wait_event_interruptible(s->readers,
					     READ_ONCE(s->state) != NOTHING))
			return ERR_PTR(-ERESTARTSYS);
	}
}

/*
 * Copies a piece. The rest of an earlier piece is copied only if it comes
 * @first in a read.
 * Return: the number of bytes that were copied.
 */
static size_t copy_piece(struct urt_piece *piece, struct iov_iter *to, bool first)
{
	size_t copied = 0;

	if (first || !piece->begin)
		copied = copy_to_iter(piece->data + piece->begin,
				      urt_piece_fit(piece, iov_iter_count(to)),
				      to);
	piece->begin += copied;
	return copied;
}

/* Takes a piece at a time, with the lock free in between. */
static ssize_t session_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct session *s = iocb->ki_filp->private_data;
	bool wait = !(iocb->ki_filp->f_flags & O_NONBLOCK);
	size_t count = iov_iter_count(to), copied;
	struct urt_piece *piece;
	bool rest;

	if (!count)
		return 0;
	piece = await_piece(s, wait, count);
	if (IS_ERR_OR_NULL(piece))
		return PTR_ERR_OR_ZERO(piece);
	rest = piece->begin;	/* an earlier read took a part */
	do {
		copied = copy_piece(piece, to, iov_iter_count(to) == count);
		finish_piece(s, piece);
		if (!copied || rest || iov_iter_count(to) < URT_RECORD_MAX ||
		    READ_ONCE(s->state) != LINES)
			break;
		cond_resched();
		piece = take_piece(s, iov_iter_count(to));
	} while (!IS_ERR_OR_NULL(piece));
	count -= iov_iter_count(to);
	return count ?: -EFAULT;
}

/*
 * Reports a generation once, as poll() on /proc/mounts reports a change once.
 * The reader of a map makes no reads that would tell which generation it knows.
 */
static bool poll_generation(struct session *s, poll_table *wait)
{
	s64 latest = atomic64_read(&s->registry.generation);

	return poll_requested_events(wait) & EPOLLPRI &&
	       atomic64_xchg(&s->polled, latest) != latest;
}

static __poll_t session_poll(struct file *file, poll_table *wait)
{
	struct session *s = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;
	enum state state;

	/* There is one queue, because IOCB_CMD_POLL knows no more than one. */
	poll_wait(file, &s->registry.wait, wait);
	/*
	 * Pairs with wq_has_sleeper() in wake.c. Without the pair, this could
	 * read the old state and generation while the waker sees no waiter. The
	 * poller would then sleep on.
	 */
	smp_mb();
	state = READ_ONCE(s->state);
	if (state == LINES)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (state == END)
		mask |= EPOLLHUP;
	if (poll_generation(s, wait))
		mask |= EPOLLPRI;
	return mask;
}

/* --- mapping --- */

/* Counts another mapping of an area, after fork() or when one is cut in two. */
static void vma_open(struct vm_area_struct *vma)
{
	urt_area_get(vma->vm_private_data);
}

static void vma_close(struct vm_area_struct *vma)
{
	struct session *s = vma->vm_file->private_data;

	mutex_lock(&s->registry.lock);
	urt_mapping_put(&s->mapping, vma->vm_private_data);
	mutex_unlock(&s->registry.lock);
}

static const struct vm_operations_struct session_vm_ops = {
	.open	= vma_open,
	.close	= vma_close,
};

/*
 * Takes *fresh over if it is needed. Return: an area of @length, or an error.
 */
static struct urt_area *area_of(struct session *s, size_t length,
				struct urt_area **fresh)
{
	int err;

	lockdep_assert_held(&s->registry.lock);
	if (length < s->mapping.length)
		return ERR_PTR(-EINVAL);
	if (length > s->mapping.length) {
		err = urt_mapping_add(&s->mapping, *fresh, &s->who);
		if (err)
			return ERR_PTR(err);
		*fresh = NULL;
	}
	urt_registry_collect_final(&s->registry);
	urt_mapping_publish(&s->mapping, &s->registry, &s->who);
	session_changed(&s->registry);
	return urt_mapping_get(&s->mapping);
}

static int session_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct session *s = file->private_data;
	size_t length = vma->vm_end - vma->vm_start;
	struct urt_area *fresh = NULL, *area;
	int err;

	err = urt_mapping_check(vma);
	if (err)
		return err;
	/* Another task may map as much meanwhile. The length never shrinks. */
	if (length > READ_ONCE(s->mapping.length))
		fresh = urt_area_alloc(&s->who, length);
	if (IS_ERR(fresh))
		return PTR_ERR(fresh);
	err = mutex_lock_killable(&s->registry.lock);
	if (err) {
		urt_area_free(fresh);
		return err;
	}
	area = area_of(s, length, &fresh);
	mutex_unlock(&s->registry.lock);
	urt_area_free(fresh);
	if (IS_ERR(area))
		return PTR_ERR(area);
	err = urt_area_insert(area, vma);
	if (!err)
		vma->vm_ops = &session_vm_ops;
	return err;
}

static const struct proc_ops session_ops = {
	.proc_open	= session_open,
	.proc_read_iter	= session_read,
	.proc_write	= session_write,
	.proc_poll	= session_poll,
	.proc_mmap	= session_mmap,
	.proc_release	= session_release,
};

/* All users may open it, because each open() has a registry of its own. */
#define MODE (S_IFREG | 0666)

/**
 * urt_session_create() - create /proc/urt/session
 * @directory: /proc/urt
 *
 * Context: Process.
 * Return: the file, or NULL without memory.
 */
struct proc_dir_entry *urt_session_create(struct proc_dir_entry *directory)
{
	return proc_create("session", MODE, directory, &session_ops);
}
