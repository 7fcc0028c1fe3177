// SPDX-License-Identifier: MIT
/*
 * BPF task iterators. The kernel calls the program for each thread, in the
 * order of their numbers, and with no task at the end. Neighbouring threads of
 * a process make one record. The reader adds up the records of one PID. If a
 * record does not fit, the next read makes the call again.
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

/* A bit for each PID, in a section of its own, which the reader has mapped. */
__u64 chosen[TASKS_PIDS / 64] SEC(".data.chosen");

static struct tasks_record now;		/* being added up; pid 0: none */

/* Return: whether the next record may begin. */
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

/* All processes. The reader selects its own. */
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

/* Only the chosen processes. */
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
