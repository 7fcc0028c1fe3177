// SPDX-License-Identifier: GPL-2.0-only
/*
 * usertime: the user-mode CPU time of registered processes, in /proc/urt.
 *
 * The module's entry, its parameters, and its two halves: a timer (top half)
 * that does nothing but queue work (bottom half), which refreshes a registry. A
 * delayed work would do the same in one call; the two halves are what this
 * module is there to show.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "entry.h"
#include "index.h"
#include "lifecycle.h"
#include "opener.h"
#include "pace.h"
#include "procfs.h"
#include "quota.h"
#include "record.h"
#include "registry.h"
#include "session.h"
#include "usertime.h"

static struct urt_registry system_registry;
static atomic64_t system_quiet_until = ATOMIC64_INIT(0);
bool urt_loaded;	/* written under kernel_param_lock */

/* --- the two halves --- */

void update_cputimes(struct work_struct *work)
{
	urt_registry_refresh(container_of(work, struct urt_registry, work));
}

/* In interrupt context. */
enum hrtimer_restart schedule_cputime_updates(struct hrtimer *timer)
{
	struct urt_registry *reg = container_of(timer, struct urt_registry,
						timer);

	queue_work(urt_workqueue, &reg->work);
	return HRTIMER_NORESTART;
}

/* --- parameters --- */

struct bounded {
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static int parse_bounded(const char *val, const struct bounded *p,
			 unsigned int *number)
{
	if (kstrtouint(val, 0, number) || *number < p->min || *number > p->max)
		return -EINVAL;
	return 0;
}

static int bounded_set(const char *val, const struct kernel_param *kp)
{
	const struct bounded *p = kp->arg;

	return parse_bounded(val, p, p->value);
}

static int bounded_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%u\n", *((const struct bounded *)kp->arg)->value);
}

static const struct kernel_param_ops bounded_ops = {
	.set = bounded_set,
	.get = bounded_get,
};

static const struct bounded max_processes = { &urt_max_processes, 1, 4194304 };
module_param_cb(max_processes, &bounded_ops, (void *)&max_processes, 0444);
__MODULE_PARM_TYPE(max_processes, "uint");
MODULE_PARM_DESC(max_processes,
		 "registrations in all (default 65536, 1 to 4194304)");

static const struct bounded max_per_user = { &urt_max_per_user, 1, 4194304 };
module_param_cb(max_per_user, &bounded_ops, (void *)&max_per_user, 0444);
__MODULE_PARM_TYPE(max_per_user, "uint");
MODULE_PARM_DESC(max_per_user,
		 "registrations per user; CAP_SYS_RESOURCE is exempt (default 1024, 1 to 4194304)");

static const struct bounded max_sessions = { &urt_max_sessions, 1, 65536 };
module_param_cb(max_sessions, &bounded_ops, (void *)&max_sessions, 0444);
__MODULE_PARM_TYPE(max_sessions, "uint");
MODULE_PARM_DESC(max_sessions,
		 "open sessions per user; CAP_SYS_RESOURCE is exempt (default 64, 1 to 65536)");

static const struct bounded max_records = { &urt_max_records, 1, 4194304 };
module_param_cb(max_records, &bounded_ops, (void *)&max_records, 0444);
__MODULE_PARM_TYPE(max_records, "uint");
MODULE_PARM_DESC(max_records,
		 "exit records waiting per session (default 4096, 1 to 4194304)");

static const struct bounded restriction = { &urt_restrict, 0, 1 };
module_param_cb(restrict, &bounded_ops, (void *)&restriction, 0444);
__MODULE_PARM_TYPE(restrict, "uint");
MODULE_PARM_DESC(restrict,
		 "1: without CAP_SYS_PTRACE see and register only your own processes (default 0)");

static unsigned int interval_ms = URT_INTERVAL_MS;
static const struct bounded interval_bounded = {
	&interval_ms, URT_INTERVAL_MS_MIN, URT_INTERVAL_MS_MAX
};

/* At load the registry does not exist yet. */
static int interval_set(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int err;

	err = parse_bounded(val, kp->arg, &ms);
	if (err)
		return err;
	interval_ms = ms;
	if (urt_loaded)
		urt_pace_set_interval(&system_registry, ms);
	return 0;
}

static const struct kernel_param_ops interval_ops = {
	.set = interval_set,
	.get = bounded_get,
};

module_param_cb(interval_ms, &interval_ops, (void *)&interval_bounded, 0644);
__MODULE_PARM_TYPE(interval_ms, "uint");
MODULE_PARM_DESC(interval_ms,
		 "milliseconds between two refreshes (default 5000, 10 to 3600000)");

/* Who may read and write; a mode is octal whatever it looks like. */
static int mode_set(const char *val, const struct kernel_param *kp)
{
	unsigned int mode;

	/* procfs would take 0 for a mode of its own choice. */
	if (kstrtouint(val, 8, &mode) || !mode || mode & ~0666)
		return -EINVAL;
	urt_status_mode = mode;
	return 0;
}

static int mode_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%#o\n", urt_status_mode);
}

static const struct kernel_param_ops mode_ops = {
	.set = mode_set,
	.get = mode_get,
};

module_param_cb(status_mode, &mode_ops, NULL, 0444);
__MODULE_PARM_TYPE(status_mode, "uint");
MODULE_PARM_DESC(status_mode,
		 "mode of /proc/urt/status, octal, of bits 0666 (default 0666)");

/* --- entry --- */

/* After the files are gone. What sessions left to do is done, too. */
static void stop(void)
{
	urt_registry_exit(&system_registry);
	urt_lifecycle_exit();
	cancel_delayed_work_sync(&system_registry.upkeep);
	/* They cancel upkeep, whose timers must not meet a draining queue. */
	urt_session_drain();
}

static int __init urt_mod_init(void)
{
	int err;

	err = urt_entry_setup();
	if (err)
		return err;
	err = urt_index_init(urt_max_processes);
	if (err)
		goto err_entry;
	err = -ENOMEM;
	/* On time, whoever wants the CPU: what users can cause here is bounded. */
	urt_workqueue = alloc_workqueue("usertime", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!urt_workqueue)
		goto err_index;
	urt_registry_init(&system_registry, interval_ms, NULL,
			  &system_quiet_until);
	err = urt_lifecycle_init();
	if (err)
		goto err_workqueue;
	err = urt_procfs_init(&system_registry);
	if (err) {
		stop();
		goto err_workqueue;
	}

	/* What was written to the parameter while we were busy here. */
	kernel_param_lock(THIS_MODULE);
	WRITE_ONCE(urt_loaded, true);
	urt_pace_set_interval(&system_registry, interval_ms);
	kernel_param_unlock(THIS_MODULE);
	return 0;

err_workqueue:
	destroy_workqueue(urt_workqueue);
err_index:
	urt_index_exit();
err_entry:
	urt_entry_cleanup();
	return err;
}

static void __exit urt_mod_exit(void)
{
	urt_procfs_exit();
	stop();
	destroy_workqueue(urt_workqueue);
	urt_entry_cleanup();
	urt_index_exit();
}

module_init(urt_mod_init);
module_exit(urt_mod_exit);

MODULE_AUTHOR("The usertime developers");
MODULE_DESCRIPTION("User-mode CPU time of registered processes in /proc/urt");
MODULE_VERSION(URT_VERSION);
MODULE_LICENSE("GPL");
