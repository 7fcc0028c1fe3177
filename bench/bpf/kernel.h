/* SPDX-License-Identifier: MIT */
/* The common part of the BPF programs. */
#ifndef KERNEL_H
#define KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#include "tasks.h"

/*
 * Only the fields of the kernel's structures that are used. libbpf finds where
 * they are. Other tools that read the sources need not see this.
 */
#ifdef __bpf__
#define KERNEL_S __attribute__((preserve_access_index))
#else
#define KERNEL_S
#endif

struct signal_struct {
	__u64 utime;
	__u64 stime;
	unsigned long long sum_sched_runtime;
} KERNEL_S;

struct sched_entity {
	__u64 sum_exec_runtime;
} KERNEL_S;

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	__u64 utime;
	__u64 stime;
	struct sched_entity se;
	struct signal_struct *signal;
} KERNEL_S;

static __always_inline bool is_marked(const __u64 *bitmap, __u32 pid)
{
	return bitmap[pid / 64 % (TASKS_PIDS / 64)] >> pid % 64 & 1;
}

/* A record of one process begins with its leader, and the ended threads. */
static __always_inline void record_begin(struct tasks_record *record,
					 const struct task_struct *task)
{
	const struct signal_struct *signal = task->signal;
	bool leads = task->pid == task->tgid;

	record->pid = task->tgid;
	record->utime = leads ? signal->utime : 0;
	record->stime = leads ? signal->stime : 0;
	record->runtime = leads ? signal->sum_sched_runtime : 0;
}

static __always_inline void record_add(struct tasks_record *record,
				       const struct task_struct *task)
{
	record->utime += task->utime;
	record->stime += task->stime;
	record->runtime += task->se.sum_exec_runtime;
}

#endif
