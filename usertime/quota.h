/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_QUOTA_H
#define URT_QUOTA_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct cred;
struct urt_waiters;

/* One of two parts of an account: outside of user namespaces, or inside. */
struct urt_part {
	/*
	 * The pause of all sessions and of wake-ups; see pace.c and wake.c. It
	 * is forgotten with the account. This does no harm, because no session
	 * is refreshed before it has been open for an interval.
	 */
	atomic64_t quiet_until;
	struct mutex search_lock;	/* tree.c; one search in status */
	struct urt_waiters *waiters;	/* wake.c, under its lock; or NULL */
};

/* An account. Kernel memory is charged to it. */
struct urt_account {
	struct hlist_node node;		/* users_lock */
	unsigned int users;		/* users_lock */
	kuid_t uid;			/* of the owner */
	atomic_t registrations;
	atomic_t sessions;
	atomic_long_t text_bytes;	/* rendered snapshots */
	struct urt_part parts[2];
};

/* A user who opens files. It exists while anything of the user is here. */
struct urt_user {
	struct hlist_node node;		/* users_lock */
	refcount_t ref;
	kuid_t uid;			/* decides what the user may do */
	struct urt_account *account;	/* decides how much they may have */
	struct urt_part *part;		/* of the account */
	struct mutex views_lock;
	struct list_head views;		/* views_lock; see view.c */
};

extern unsigned int urt_max_processes;
extern unsigned int urt_max_per_user;
extern unsigned int urt_max_sessions;

struct urt_user *urt_user_get(const struct cred *cred);
void urt_user_put(struct urt_user *user);

int urt_quota_charge(struct urt_user *user, bool exempt);
int urt_quota_move(struct urt_user *from, struct urt_user *to, bool exempt);
void urt_quota_uncharge(struct urt_user *user, unsigned int n);
int urt_quota_charge_session(struct urt_user *user, bool exempt);
void urt_quota_uncharge_session(struct urt_user *user);
int urt_quota_charge_text(struct urt_user *user, size_t bytes, bool exempt);
void urt_quota_uncharge_text(struct urt_user *user, size_t bytes);

#endif
