// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quotas: which account is charged for what, and how much of it a user may
 * have.
 *
 * A user is the effective uid of the opener of a file. Quotas belong to an
 * account. Outside of user namespaces, this is the user's own account. Inside,
 * it is that of the owner of the outermost user namespace below init, so that
 * subordinate ids multiply nothing. An account decides about nothing else,
 * because the users in a container are not its owner. What they do costs the
 * owner's sessions no time, and the owner's open() does not look at their
 * views.
 */
#include "quota.h"

#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

/*
 * Bytes of snapshots that half-read files keep. A user who is below the limit
 * gets one more, however large it is, because every user can read the whole
 * file.
 */
#define TEXT_BYTES_PER_USER SZ_16M

unsigned int urt_max_processes = 65536;
unsigned int urt_max_per_user = 1024;
unsigned int urt_max_sessions = 64;

static DEFINE_HASHTABLE(accounts, 10);
static DEFINE_HASHTABLE(users, 10);
/*
 * Every user takes this. It is a spinlock, because a task that is kept from
 * running must not hold it.
 */
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

static struct urt_account *account_of(kuid_t uid)
{
	struct urt_account *account;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(accounts, account, node, __kuid_val(uid)) {
		if (uid_eq(account->uid, uid))
			return account;
	}
	return NULL;
}

static struct urt_user *user_of(kuid_t uid, const struct urt_part *part)
{
	struct urt_user *user;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(users, user, node, __kuid_val(uid)) {
		if (uid_eq(user->uid, uid) && user->part == part)
			return user;
	}
	return NULL;
}

/* Memory for an account and a user that may be new. */
struct fresh {
	struct urt_account *account;
	struct urt_user *user;
};

static bool alloc_fresh(struct fresh *fresh)
{
	struct urt_account *account;
	struct urt_user *user;
	int i;

	account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!account || !user) {
		kfree(account);
		kfree(user);
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(account->parts); i++)
		mutex_init(&account->parts[i].search_lock);
	refcount_set(&user->ref, 1);
	mutex_init(&user->views_lock);
	INIT_LIST_HEAD(&user->views);
	*fresh = (struct fresh){ account, user };
	return true;
}

/* Takes from @fresh what does not exist yet. Return: the user. */
static struct urt_user *get_locked(const struct cred *cred, struct fresh *fresh)
{
	bool inside = cred->user_ns != &init_user_ns;
	struct urt_account *account;
	struct urt_user *user;

	account = account_of(charged_uid(cred));
	if (!account) {
		account = fresh->account;
		fresh->account = NULL;
		account->uid = charged_uid(cred);
		hash_add(accounts, &account->node, __kuid_val(account->uid));
	}
	user = user_of(cred->euid, &account->parts[inside]);
	if (user) {
		refcount_inc(&user->ref);
		return user;
	}
	user = fresh->user;
	fresh->user = NULL;
	user->uid = cred->euid;
	user->account = account;
	user->part = &account->parts[inside];
	account->users++;
	hash_add(users, &user->node, __kuid_val(user->uid));
	return user;
}

/**
 * urt_user_get() - the user who opens a file
 * @cred: of the opener
 *
 * Context: Process. Allocates memory, then takes users_lock.
 * Return: a reference, for urt_user_put(), or NULL without memory.
 */
struct urt_user *urt_user_get(const struct cred *cred)
{
	struct urt_user *user;
	struct fresh fresh;

	/* Allocate before locking, so that slow memory delays no other user. */
	if (!alloc_fresh(&fresh))
		return NULL;
	spin_lock(&users_lock);
	user = get_locked(cred, &fresh);
	spin_unlock(&users_lock);
	kfree(fresh.account);
	kfree(fresh.user);
	return user;
}

/**
 * urt_user_put() - drop a reference to a user
 * @user: freed with the last reference
 *
 * This is refcount_dec_and_lock() in other words, because sparse cannot follow
 * that function.
 *
 * Context: Process. Takes users_lock for the last reference. A probe calls this
 * only for a reference that is not the last one, and then takes no lock.
 */
void urt_user_put(struct urt_user *user)
{
	struct urt_account *account = NULL;
	bool last;

	if (refcount_dec_not_one(&user->ref))
		return;
	spin_lock(&users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last) {
		hash_del(&user->node);
		if (!--user->account->users) {
			account = user->account;
			hash_del(&account->node);
		}
	}
	spin_unlock(&users_lock);
	kfree(account);
	if (last)
		kfree(user);
}

/* Never exceeds @max, not even for a moment. Other users would fail by that. */
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
 * urt_quota_charge() - charge an account for one more registered process
 * @user: of the account; the caller holds a reference
 * @exempt: whether @user is exempt from max_per_user
 *
 * Context: Process or probe. Takes no lock, and never sleeps.
 * Return: 0, -EDQUOT if the account has max_per_user, or -ENOSPC if there are
 * max_processes in all. On success the charge holds a reference of its own.
 */
int urt_quota_charge(struct urt_user *user, bool exempt)
{
	if (!inc_below(&user->account->registrations,
		       exempt ? INT_MAX : urt_max_per_user))
		return -EDQUOT;
	if (!inc_below(&registrations, urt_max_processes)) {
		atomic_dec(&user->account->registrations);
		return -ENOSPC;
	}
	refcount_inc(&user->ref);
	return 0;
}

/**
 * urt_quota_move() - charge another user for a registered process
 * @from: the user who is charged now
 * @to: the user who is charged from now on; the caller holds a reference
 * @exempt: whether @to is exempt from max_per_user
 *
 * Context: Process. Takes no lock, and never sleeps.
 * Return: 0, or -EDQUOT if the account of @to has max_per_user. On success the
 * charge holds a reference to @to, and its reference to @from is the caller's.
 */
int urt_quota_move(struct urt_user *from, struct urt_user *to, bool exempt)
{
	if (from->account != to->account) {
		if (!inc_below(&to->account->registrations,
			       exempt ? INT_MAX : urt_max_per_user))
			return -EDQUOT;
		atomic_dec(&from->account->registrations);
	}
	refcount_inc(&to->ref);
	return 0;
}

/**
 * urt_quota_uncharge() - end the charge for registered processes
 * @user: the user who is charged for all of them
 * @n: how many, one at least
 *
 * Context: as urt_user_put().
 */
void urt_quota_uncharge(struct urt_user *user, unsigned int n)
{
	atomic_sub(n, &registrations);
	atomic_sub(n, &user->account->registrations);
	if (n > 1)	/* never the last ones */
		WARN_ON_ONCE(refcount_sub_and_test(n - 1, &user->ref));
	urt_user_put(user);
}

/**
 * urt_quota_charge_session() - charge an account for one more open session
 * @user: opens the session; outlives the charge
 * @exempt: whether @user is exempt from the limit
 *
 * Context: Process. Takes no lock.
 * Return: 0, or -EDQUOT if the account has max_sessions.
 */
int urt_quota_charge_session(struct urt_user *user, bool exempt)
{
	return inc_below(&user->account->sessions,
			 exempt ? INT_MAX : urt_max_sessions) ? 0 : -EDQUOT;
}

/**
 * urt_quota_uncharge_session() - end the charge for a session
 * @user: the user who is charged
 *
 * Context: Process. Takes no lock.
 */
void urt_quota_uncharge_session(struct urt_user *user)
{
	atomic_dec(&user->account->sessions);
}

/**
 * urt_quota_charge_text() - charge an account for a rendered snapshot
 * @user: reads the snapshot; outlives the charge
 * @bytes: size of the snapshot
 * @exempt: whether @user is exempt from the limit
 *
 * Context: Process. Takes no lock.
 * Return: 0, or -EDQUOT if half-read files of this account keep too much.
 */
int urt_quota_charge_text(struct urt_user *user, size_t bytes, bool exempt)
{
	atomic_long_t *kept = &user->account->text_bytes;
	long old = atomic_long_read(kept);

	do {
		if (!exempt && old >= TEXT_BYTES_PER_USER)
			return -EDQUOT;
	} while (!atomic_long_try_cmpxchg(kept, &old, old + (long)bytes));
	return 0;
}

/**
 * urt_quota_uncharge_text() - end the charge for a snapshot
 * @user: the user who is charged
 * @bytes: as for urt_quota_charge_text()
 *
 * Context: Process. Takes no lock.
 */
void urt_quota_uncharge_text(struct urt_user *user, size_t bytes)
{
	atomic_long_sub(bytes, &user->account->text_bytes);
}
