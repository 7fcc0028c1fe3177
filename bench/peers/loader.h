/* SPDX-License-Identifier: MIT */
/* loader.c: loading what is in bpf/. */
#ifndef LOADER_H
#define LOADER_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BPF_SECTIONS 2

struct bpf {
	struct bpf_object *object;
	uint64_t *chosen;	/* its bitmap of PIDs, mapped */
	struct { void *data; size_t size; } mapped[BPF_SECTIONS];
	int nr_mapped;
};

/* Return: NULL, or why it cannot be. */
const char *bpf_load(struct bpf *bpf, const char *path, const pid_t *ids,
		     int count);
void bpf_unload(struct bpf *bpf);

/* A section of the program's data, mapped until it is unloaded. */
void *bpf_data(struct bpf *bpf, const char *section);
struct bpf_program *bpf_program(const struct bpf *bpf, const char *name);

/* Whether the kernel has a function for BPF programs. */
bool bpf_kernel_has(const char *function);

static inline bool bpf_is_chosen(const struct bpf *bpf, uint32_t pid)
{
	return bpf->chosen[pid / 64] >> pid % 64 & 1;
}

#endif
