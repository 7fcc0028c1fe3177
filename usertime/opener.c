// SPDX-License-Identifier: GPL-2.0-only
/* The opener of a file: what it can see, and what it may do. */
#include "opener.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/time_namespace.h>

#include "quota.h"

unsigned int urt_restrict;
bool urt_loaded;

static bool contains(const struct pid_namespace *outer,
		     const struct pid_namespace *inner)
{
	while (inner && inner != outer)
		inner = inner->parent;
	return inner;
}

/*
 * Return: whether the procfs of @file hides processes from @pid_ns. It does so
 * by hidepid, or if its own PID namespace does not contain @pid_ns. Otherwise,
 * any user could make a PID namespace, mount a procfs of it without hidepid,
 * and open that from outside of it.
 */
static bool hides_processes(const struct file *file,
			    const struct pid_namespace *pid_ns)
{
	struct super_block *sb = file_inode(file)->i_sb;

	return proc_sb_info(sb)->hide_pid != HIDEPID_OFF ||
	       !contains(proc_pid_ns(sb), pid_ns);
}

/**
 * urt_opener_init() - note the opener of a file
 * @who: receives the opener
 * @file: on a procfs; current is opening it
 *
 * Context: Process. Allocates memory.
 * Return: 0, or -ENOMEM.
 */
int urt_opener_init(struct urt_opener *who, struct file *file)
{
	struct timespec64 boot = { };

	who->file = file;
	who->user = urt_user_get(file->f_cred);
	if (!who->user)
		return -ENOMEM;
	who->pid_ns = get_pid_ns(task_active_pid_ns(current));
	timens_add_boottime(&boot);
	who->boot_offset = timespec64_to_ns(&boot);
	who->restricted = (urt_restrict ||
			   hides_processes(file, who->pid_ns)) &&
			  !urt_opener_capable(who, CAP_SYS_PTRACE);
	who->exempt = urt_opener_capable(who, CAP_SYS_RESOURCE);
	return 0;
}

/**
 * urt_opener_exit() - drop the references of an opener
 * @who: the opener
 *
 * Context: Process.
 */
void urt_opener_exit(struct urt_opener *who)
{
	put_pid_ns(who->pid_ns);
	urt_user_put(who->user);
}

/**
 * urt_opener_find() - the process that a number means
 * @who: the opener who uses the number
 * @nr: of a process or of any of its threads
 *
 * Context: RCU read side.
 * Return: the leader of the thread group, valid until rcu_read_unlock(), or
 * NULL.
 */
struct task_struct *urt_opener_find(const struct urt_opener *who, pid_t nr)
{
	struct task_struct *task;

	task = pid_task(find_pid_ns(nr, who->pid_ns), PIDTYPE_PID);
	return task ? pid_task(task_tgid(task), PIDTYPE_TGID) : NULL;
}

/**
 * urt_opener_capable() - whether an opener has a capability
 * @who: the opener
 * @cap: the capability
 *
 * Context: Process.
 * Return: whether @who has it in the init user namespace. No other one counts.
 */
bool urt_opener_capable(const struct urt_opener *who, int cap)
{
	return file_ns_capable(who->file, &init_user_ns, cap);
}

/**
 * urt_opener_owns() - whether an opener is the owner of a process
 * @who: the opener
 * @owner: of the process; as urt_cred_owner()
 *
 * Context: Any.
 * Return: whether @owner is the effective uid of @who.
 */
bool urt_opener_owns(const struct urt_opener *who, kuid_t owner)
{
	return uid_eq(owner, who->file->f_cred->euid);
}

/**
 * urt_opener_may_tree() - whether an opener may follow what a process forks
 * @who: the opener
 * @leader: of the process
 *
 * Context: RCU read side.
 * Return: whether @who owns the process, or has CAP_SYS_PTRACE in its user
 * namespace.
 */
bool urt_opener_may_tree(const struct urt_opener *who,
			 struct task_struct *leader)
{
	return urt_opener_owns(who, urt_cred_owner(__task_cred(leader))) ||
	       file_ns_capable(who->file, __task_cred(leader)->user_ns,
			       CAP_SYS_PTRACE);
}

/* Does for groups what urt_cred_owner() does for users. */
static kgid_t group(const struct cred *cred)
{
	if (gid_eq(cred->gid, cred->egid) && gid_eq(cred->gid, cred->sgid))
		return cred->gid;
	return INVALID_GID;
}

/**
 * urt_opener_same_creds() - whether an opener could do all that a process can
 * @who: the opener
 * @cred: of the process
 *
 * This is the part of ptrace_may_access(PTRACE_MODE_READ_FSCREDS) that asks for
 * no capability. That function is for living processes, and is not exported.
 *
 * Context: RCU read side, also in softirq.
 * Return: whether @who could do so.
 */
bool urt_opener_same_creds(const struct urt_opener *who,
			   const struct cred *cred)
{
	const struct cred *reader = who->file->f_cred;

	return uid_eq(urt_cred_owner(cred), reader->fsuid) &&
	       gid_eq(group(cred), reader->fsgid) &&
	       reader->user_ns == cred->user_ns &&
	       cap_issubset(cred->cap_permitted, reader->cap_effective);
}
