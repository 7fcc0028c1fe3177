// SPDX-License-Identifier: MIT
/*
 * A BPF program that walks all threads when it is called, and shares its
 * records through mapped memory. This is the best form, on kernels that allow
 * it.
 */
#include <bpf/bpf.h>

#include "../bpf/tasks.h"
#include "../guest/base.h"
#include "loader.h"
#include "peers.h"

static struct bpf bpf;
static struct tasks_seen *seen;
static int program;

static const char *walk_open(const pid_t *ids, int count)
{
	const char *why;

	if (!bpf_kernel_has("bpf_iter_task_new"))
		return "programs cannot walk the threads of this kernel";
	why = bpf_load(&bpf, "/walk.bpf.o", ids, count);
	if (why)
		return why;
	seen = bpf_data(&bpf, ".data.seen");
	program = bpf_program__fd(bpf_program(&bpf, "walk"));
	return NULL;
}

static uint64_t walk_sample(void)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	uint64_t sum = 0;

	must(!bpf_prog_test_run_opts(program, &options));
	must(seen->count <= TASKS_MAX);
	for (uint32_t i = 0; i < seen->count; i++)
		sum += seen->records[i].runtime;
	return sum;
}

static void walk_close(void)
{
	bpf_unload(&bpf);
}

const struct peer peer_bpf_walk = {
	.name = "bpf-walk",
	.row = "BPF walk of all threads",
	.row_others = "BPF walk of all threads; as many others",
	.whole = true,
	.open = walk_open,
	.sample = walk_sample,
	.close = walk_close,
};
