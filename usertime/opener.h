/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_OPENER_H
#define URT_OPENER_H

#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct file;
struct pid;
struct pid_namespace;
struct task_struct;
struct urt_user;
struct user_namespace;

/*
 * The opener of a file. A process that gets the descriptor acts with the
 * opener's rights and sees the opener's numbers.
 */
struct urt_opener {
	const struct file *file;	/* for f_cred; until its release */
	struct pid_namespace *pid_ns;
	s64 boot_offset;		/* of the time namespace, in ns */
	struct urt_user *user;
	bool restricted;		/* sees and registers only its own */
	bool exempt;			/* has CAP_SYS_RESOURCE */
};

extern unsigned int urt_restrict;
extern bool urt_loaded;

/**
 * urt_module_get() - keep the module while a file is open
 *
 * If a module fails to load, the kernel frees it, even if it is in use. No file
 * may therefore be opened before it is known that nothing fails any more.
 *
 * Context: Process.
 * Return: whether the module stays while the file is open.
 */
static inline bool urt_module_get(void)
{
	return READ_ONCE(urt_loaded) && try_module_get(THIS_MODULE);
}

int urt_opener_init(struct urt_opener *who, struct file *file);
void urt_opener_exit(struct urt_opener *who);

struct task_struct *urt_opener_find(const struct urt_opener *who, pid_t nr);
bool urt_opener_owns(const struct urt_opener *who, kuid_t owner);
bool urt_opener_may_tree(const struct urt_opener *who,
			 struct task_struct *leader);
bool urt_opener_same_creds(const struct urt_opener *who,
			   const struct cred *cred);
bool urt_opener_capable(const struct urt_opener *who, int cap);

/**
 * urt_cred_owner() - the owner of a process
 * @cred: of the process
 *
 * A set-user-ID program may give a process two users. The process then belongs
 * to neither.
 *
 * Context: Any. @cred is valid, for example under RCU.
 * Return: the uid that real, effective and saved uid agree on, or INVALID_UID.
 */
static inline kuid_t urt_cred_owner(const struct cred *cred)
{
	if (uid_eq(cred->uid, cred->euid) && uid_eq(cred->uid, cred->suid))
		return cred->uid;
	return INVALID_UID;
}

#endif
