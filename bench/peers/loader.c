// SPDX-License-Identifier: MIT
/* Loads the programs of bpf/. Each is an object file in the guest's root. */
#include "loader.h"

#include <bpf/btf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../guest/base.h"

static int print_nothing(enum libbpf_print_level level, const char *format,
			 va_list args)
{
	return 0;
}

const char *bpf_load(struct bpf *bpf, const char *path, const pid_t *ids,
		     int count)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return "the kernel has no BTF";
	libbpf_set_print(print_nothing);
	bpf->object = bpf_object__open_file(path, NULL);
	must(bpf->object);
	if (bpf_object__load(bpf->object)) {
		bpf_object__close(bpf->object);
		return "the kernel does not take the program";
	}
	bpf->nr_mapped = 0;
	bpf->chosen = bpf_data(bpf, ".data.chosen");
	for (int i = 0; i < count; i++)
		bpf->chosen[ids[i] / 64] |= 1ull << ids[i] % 64;
	return NULL;
}

void bpf_unload(struct bpf *bpf)
{
	while (bpf->nr_mapped--)
		must(!munmap(bpf->mapped[bpf->nr_mapped].data,
			     bpf->mapped[bpf->nr_mapped].size));
	bpf_object__close(bpf->object);
}

void *bpf_data(struct bpf *bpf, const char *section)
{
	const struct bpf_map *map;
	size_t size;
	void *data;

	map = bpf_object__find_map_by_name(bpf->object, section);
	must(map && bpf->nr_mapped < BPF_SECTIONS);
	size = bpf_map__value_size(map);
	data = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, bpf_map__fd(map), 0);
	must(data != MAP_FAILED);
	bpf->mapped[bpf->nr_mapped].data = data;
	bpf->mapped[bpf->nr_mapped++].size = size;
	return data;
}

struct bpf_program *bpf_program(const struct bpf *bpf, const char *name)
{
	struct bpf_program *program;

	program = bpf_object__find_program_by_name(bpf->object, name);
	must(program);
	return program;
}

bool bpf_kernel_has(const char *function)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has;

	if (!btf)
		return false;
	has = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;
	btf__free(btf);
	return has;
}
