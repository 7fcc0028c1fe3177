/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All differences between kernels are here, and nowhere else.
 *
 * URT_HAVE_* come from Kbuild, which compiles the files of feature/ against the
 * kernel at hand. Each of these files names the upstream change.
 */
#ifndef URT_COMPAT_H
#define URT_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sched.h>
#ifdef URT_HAVE_EXEC_STATE
#include <linux/sched/exec_state.h>
#endif
#include <linux/vtime.h>

#ifndef URT_HAVE_HRTIMER_SETUP
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *timer),
	      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/**
 * urt_tickless() - whether some CPUs account CPU time without a tick
 *
 * The kernel declares the call for this only where the configuration allows it.
 *
 * Context: Any.
 * Return: whether some CPUs do.
 */
static inline bool urt_tickless(void)
{
#ifdef CONFIG_VIRT_CPU_ACCOUNTING_GEN
	return vtime_accounting_enabled();
#else
	return false;
#endif
}

/* Probes may run with preemption off. Locks of PREEMPT_RT may sleep. */
#define URT_PROBES_NEED_POOL IS_ENABLED(CONFIG_PREEMPT_RT)

/**
 * urt_was_dumpable() - whether the owner of an exited process could trace it
 * @task: the process
 *
 * Kernels that do not keep this do not ask for it when a process has exited.
 *
 * Context: RCU read side, also in softirq.
 * Return: whether the owner could.
 */
static inline bool urt_was_dumpable(const struct task_struct *task)
{
#if defined(URT_HAVE_EXEC_STATE)
	const struct task_exec_state *state = rcu_dereference(task->exec_state);

	return state && state->dumpable == TASK_DUMPABLE_OWNER;
#elif defined(URT_HAVE_USER_DUMPABLE)
	return task->user_dumpable;
#else
	return true;
#endif
}

#ifndef URT_HAVE_VM_FLAGS_CLEAR
#define vm_flags_clear(vma, flags) ((vma)->vm_flags &= ~(flags))
#endif

/* Arguments of a probe at sched_process_exit. */
#ifdef URT_HAVE_EXIT_GROUP_DEAD
#define URT_EXIT_PROBE_ARGS void *data, struct task_struct *task, bool dead
#else
#define URT_EXIT_PROBE_ARGS void *data, struct task_struct *task
#endif

#endif
