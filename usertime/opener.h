/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_OPENER_H
#define URT_OPENER_H

#include <linux/capability.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct file;
struct pid;
struct pid_namespace;
struct task_struct;
struct urt_user;
struct user_namespace;

/*
 * Who opened a file. Whoever it is passed to acts with the opener's rights and
 * sees the opener's numbers.
 */
struct urt_opener {
	const struct file *file;	/* for f_cred; until its release */
	struct pid_namespace *pid_ns;
	s64 boot_offset;		/* of the time namespace, in ns */
	struct urt_user *user;
	bool restricted;		/* sees and registers only their own */
};

/* What, besides its owner, keeps others from looking into a process. */
struct urt_guard {
	kgid_t group;			/* see urt_task_group() */
	kernel_cap_t permitted;
	struct user_namespace *user_ns;
	bool dumpable;
};

extern unsigned int urt_restrict;

int urt_opener_init(struct urt_opener *who, struct file *file);
void urt_opener_exit(struct urt_opener *who);

struct task_struct *urt_opener_find(const struct urt_opener *who, pid_t nr);
bool urt_opener_owns(const struct urt_opener *who, kuid_t owner);
bool urt_opener_may_tree(const struct urt_opener *who,
			 struct task_struct *leader);
bool urt_opener_may_inspect(const struct urt_opener *who, kuid_t owner,
			    const struct urt_guard *guard);
bool urt_opener_capable(const struct urt_opener *who, int cap);

kuid_t urt_task_owner(struct task_struct *task);
kgid_t urt_task_group(struct task_struct *task);

#endif
