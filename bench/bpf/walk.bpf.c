// SPDX-License-Identifier: MIT
/*
 * A BPF program that walks the list of all threads and leaves its records in
 * memory that its reader has mapped. It needs no file and no copy. Since Linux
 * 6.7.
 */
#include "kernel.h"

#define ALL_THREADS 1		/* BPF_TASK_ITER_ALL_THREADS */

struct bpf_iter_task {
	__u64 opaque[3];
};

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task,
			     unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Each is in a section of its own, which the reader has mapped. */
__u64 chosen[TASKS_PIDS / 64] SEC(".data.chosen");	/* a bit per PID */
struct tasks_seen seen SEC(".data.seen");

int walk(void *ctx);

/* The threads of a process are neighbours. */
static __always_inline void see(const struct task_struct *task)
{
	__u32 nr = seen.count - 1;

	if (nr >= TASKS_MAX || seen.records[nr].pid != (__u32)task->tgid) {
		nr = seen.count++;
		if (nr >= TASKS_MAX)
			return;
		record_begin(&seen.records[nr], task);
	}
	record_add(&seen.records[nr], task);
}

/* cppcheck-suppress unknownMacro */
SEC("syscall")
int walk(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *task;

	seen.count = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, ALL_THREADS);
	while ((task = bpf_iter_task_next(&it))) {
		if (is_marked(chosen, task->tgid))
			see(task);
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}
