// SPDX-License-Identifier: MIT
/*
 * BPF task iterators: binary records of all processes, from which the reader
 * picks its own, or only of processes that the program finds marked in a
 * bitmap.
 */
#include <bpf/bpf.h>
#include <unistd.h>

#include "../bpf/tasks.h"
#include "../guest/base.h"
#include "loader.h"
#include "peers.h"

struct iterator {
	struct bpf bpf;
	struct bpf_link *link;
};

static struct iterator all, chosen;
static struct tasks_record records[1024];	/* most that a read gives */

static const char *attach(struct iterator *it, const char *program,
			  const pid_t *ids, int count)
{
	const char *why = bpf_load(&it->bpf, "/tasks.bpf.o", ids, count);

	if (why)
		return why;
	it->link = bpf_program__attach_iter(bpf_program(&it->bpf, program),
					    NULL);
	must(it->link);
	return NULL;
}

static void detach(struct iterator *it)
{
	must(!bpf_link__destroy(it->link));
	bpf_unload(&it->bpf);
}

static int start_pass(const struct iterator *it)
{
	int fd = bpf_iter_create(bpf_link__fd(it->link));

	must(fd >= 0);
	return fd;
}

static const char *all_open(const pid_t *ids, int count)
{
	return attach(&all, "write_all", ids, count);
}

static uint64_t all_sample(void)
{
	int fd = start_pass(&all);
	uint64_t sum = 0;
	ssize_t n;

	while ((n = read(fd, records, sizeof(records))) > 0) {
		for (size_t i = 0; i < n / sizeof(*records); i++) {
			if (bpf_is_chosen(&all.bpf, records[i].pid))
				sum += records[i].runtime;
		}
	}
	must(!n);
	close(fd);
	return sum;
}

static void all_close(void)
{
	detach(&all);
}

const struct peer peer_bpf = {
	.name = "bpf",
	.row = "BPF task iterator: all",
	.row_others = "BPF task iterator: all; as many others",
	.whole = true,
	.open = all_open,
	.sample = all_sample,
	.close = all_close,
};

static const char *chosen_open(const pid_t *ids, int count)
{
	return attach(&chosen, "write_chosen", ids, count);
}

static uint64_t chosen_sample(void)
{
	int fd = start_pass(&chosen);
	uint64_t sum = 0;
	ssize_t n;

	while ((n = read(fd, records, sizeof(records))) > 0) {
		for (size_t i = 0; i < n / sizeof(*records); i++)
			sum += records[i].runtime;
	}
	must(!n);
	close(fd);
	return sum;
}

static void chosen_close(void)
{
	detach(&chosen);
}

const struct peer peer_bpf_chosen = {
	.name = "bpf-chosen",
	.row = "BPF task iterator: chosen",
	.row_others = "BPF task iterator: chosen; as many others",
	.whole = true,
	.open = chosen_open,
	.sample = chosen_sample,
	.close = chosen_close,
};
