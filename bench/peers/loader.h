/* SPDX-License-Identifier: MIT */
/* loader.c: loads the programs of bpf/. */
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

/* Return: NULL, or the reason why it cannot be loaded. */
const char *bpf_load(struct bpf *bpf, const char *path, const pid_t *ids,
		     int count);
void bpf_unload(struct bpf *bpf);

/* Maps a section of the program's data, until it is unloaded. */
void *bpf_data(struct bpf *bpf, const char *section);
struct bpf_program *bpf_program(const struct bpf *bpf, const char *name);

/* Whether the kernel has this function for BPF programs. */
bool bpf_kernel_has(const char *function);

static inline bool bpf_is_chosen(const struct bpf *bpf, uint32_t pid)
{
	return bpf->chosen[pid / 64] >> pid % 64 & 1;
}

#endif
