// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is charged for what, and how much of it they may have.
 *
 * A user is the effective uid of whoever opened the file; inside a user
 * namespace, the owner of the outermost one below init, so that subordinate ids
 * multiply nothing.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#include "quota.h"

/*
 * Snapshots that half-read files keep. One more is granted to a user who is
 * below the limit, however large it is: everybody can read the whole file.
 */
#define TEXT_BYTES_PER_USER SZ_16M

unsigned int urt_max_processes = 65536;
unsigned int urt_max_per_user = 1024;
unsigned int urt_max_sessions = 64;

static DEFINE_HASHTABLE(users, 6);
/* Everybody takes it: who is kept from running must not hold it. */
static DEFINE_SPINLOCK(users_lock);
static atomic_t registrations = ATOMIC_INIT(0);

static kuid_t charged_uid(const struct cred *cred)
{
	struct user_namespace *ns = cred->user_ns;

	if (ns == &init_user_ns)
		return cred->euid;
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return ns->owner;
}

/**
 * urt_user_get() - whom to charge
 * @cred: of the opener of a file
 *
 * Return: a reference, for urt_user_put(), or NULL without memory.
 */
struct urt_user *urt_user_get(const struct cred *cred)
{
	kuid_t uid = charged_uid(cred);
	struct urt_user *user, *new;

	/* Before the lock: who is short of memory makes nobody else wait. */
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	spin_lock(&users_lock);
	hash_for_each_possible(users, user, node, __kuid_val(uid)) {
		if (uid_eq(user->uid, uid)) {
			refcount_inc(&user->ref);
			spin_unlock(&users_lock);
			kfree(new);
			return user;
		}
	}
	refcount_set(&new->ref, 1);
	new->uid = uid;
	mutex_init(&new->views_lock);
	INIT_LIST_HEAD(&new->views);
	hash_add(users, &new->node, __kuid_val(uid));
	spin_unlock(&users_lock);
	return new;
}

/*
 * A probe that gives back what is not the last reference takes no lock. In the
 * words of refcount_dec_and_lock(), which sparse cannot follow.
 */
void urt_user_put(struct urt_user *user)
{
	bool last;

	if (refcount_dec_not_one(&user->ref))
		return;
	spin_lock(&users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		hash_del(&user->node);
	spin_unlock(&users_lock);
	if (last)
		kfree(user);
}

/* Never above @max, not even for a moment: others would fail by that. */
static bool inc_below(atomic_t *v, unsigned int max)
{
	int old = atomic_read(v);

	do {
		if (old >= max)
			return false;
	} while (!atomic_try_cmpxchg(v, &old, old + 1));
	return true;
}

/**
 * urt_quota_charge() - account for one more registered process
 * @user: who registers it; the caller holds a reference
 * @exempt: whether the limit per user is not for them
 *
 * Never sleeps: probes call it, too.
 *
 * Return: 0, -EDQUOT when the user has max_per_user, -ENOSPC when there are
 * max_processes in all. On success the charge holds a reference of its own.
 */
int urt_quota_charge(struct urt_user *user, bool exempt)
{
	if (!inc_below(&user->registrations,
		       exempt ? INT_MAX : urt_max_per_user))
		return -EDQUOT;
	if (!inc_below(&registrations, urt_max_processes)) {
		atomic_dec(&user->registrations);
		return -ENOSPC;
	}
	refcount_inc(&user->ref);
	return 0;
}

/* For so many, one at least, that were charged to the same user. */
void urt_quota_uncharge(struct urt_user *user, unsigned int n)
{
	atomic_sub(n, &registrations);
	atomic_sub(n, &user->registrations);
	if (n > 1)	/* not the last ones */
		WARN_ON_ONCE(refcount_sub_and_test(n - 1, &user->ref));
	urt_user_put(user);
}

/**
 * urt_quota_charge_session() - account for one more open session
 * @user: who opens it; outlives the charge
 * @exempt: whether the limit is not for them
 *
 * Return: 0, or -EDQUOT when the user has max_sessions.
 */
int urt_quota_charge_session(struct urt_user *user, bool exempt)
{
	return inc_below(&user->sessions, exempt ? INT_MAX : urt_max_sessions) ?
		       0 : -EDQUOT;
}

void urt_quota_uncharge_session(struct urt_user *user)
{
	atomic_dec(&user->sessions);
}

/**
 * urt_quota_charge_text() - account for a rendered snapshot
 * @user: who reads it; outlives the charge
 * @bytes: its size
 * @exempt: whether the limit is not for them
 *
 * Return: 0, or -EDQUOT when half-read files of this user keep too much.
 */
int urt_quota_charge_text(struct urt_user *user, size_t bytes, bool exempt)
{
	long old = atomic_long_read(&user->text_bytes);

	do {
		if (!exempt && old >= TEXT_BYTES_PER_USER)
			return -EDQUOT;
	} while (!atomic_long_try_cmpxchg(&user->text_bytes, &old,
					  old + (long)bytes));
	return 0;
}

void urt_quota_uncharge_text(struct urt_user *user, size_t bytes)
{
	atomic_long_sub(bytes, &user->text_bytes);
}
