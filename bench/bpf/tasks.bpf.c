// SPDX-License-Identifier: MIT
/*
 * BPF task iterators: the kernel calls the program for each thread, in the order
 * of their numbers, and with no task at the end. Threads of a process that
 * follow each other make one record; the reader adds up those of the same PID.
 * For a record that does not fit the call is made again with the next read.
 */
#include "kernel.h"

#define PF_KTHREAD 0x00200000

struct bpf_iter_meta {
	struct seq_file *seq;
} KERNEL_S;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} KERNEL_S;

int write_all(struct bpf_iter__task *ctx);
int write_chosen(struct bpf_iter__task *ctx);

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* A bit per PID, in a section of its own: the reader has it mapped. */
__u64 chosen[TASKS_PIDS / 64] SEC(".data.chosen");

static struct tasks_record now;		/* being added up; pid 0: none */

/* Return: whether the next one may begin. */
static __always_inline int write_now(struct bpf_iter__task *ctx)
{
	if (now.pid && bpf_seq_write(ctx->meta->seq, &now, sizeof(now)))
		return 0;
	now.pid = 0;
	return 1;
}

static __always_inline void write_task(struct bpf_iter__task *ctx,
				       const struct task_struct *task)
{
	if ((__u32)task->tgid != now.pid) {
		if (!write_now(ctx))
			return;
		record_begin(&now, task);
	}
	record_add(&now, task);
}

/* All processes; which of them are wanted is the reader's affair. */
/* cppcheck-suppress unknownMacro */
SEC("iter/task")
int write_all(struct bpf_iter__task *ctx)
{
	const struct task_struct *task = ctx->task;

	if (!task)
		write_now(ctx);
	else if (!(task->flags & PF_KTHREAD))
		write_task(ctx, task);
	return 0;
}

/* Those that are chosen. */
SEC("iter/task")
int write_chosen(struct bpf_iter__task *ctx)
{
	const struct task_struct *task = ctx->task;

	if (!task)
		write_now(ctx);
	else if (is_marked(chosen, task->tgid))
		write_task(ctx, task);
	return 0;
}
