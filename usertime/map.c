// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapped snapshots of a session.
 *
 * Two of them take turns, as in the kernel's own latch: the one that readers are
 * told to read stays as it is while the other is filled. The memory is ours for
 * as long as the session's file is open, which a mapping keeps it. Users cannot
 * write to it, and what we need to know of it we keep elsewhere, all the same.
 *
 * Pages are inserted by number: Linux 5.10 does not allow pages that are charged
 * to a memory cgroup to be mapped otherwise.
 */
#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "entry.h"
#include "map.h"
#include "opener.h"
#include "quota.h"
#include "registry.h"
#include "urt.h"

/* What user space was compiled with, 32-bit programs too. */
static_assert(sizeof(struct urt_map) == 64);
static_assert(offsetof(struct urt_map, sequence) == 4);
static_assert(offsetof(struct urt_map, snapshot_offset) == 16);
static_assert(offsetof(struct urt_map, process_size) == 28);
static_assert(sizeof(struct urt_map_snapshot) == 64);
static_assert(offsetof(struct urt_map_snapshot, processes) == 16);
static_assert(sizeof(struct urt_map_process) == 64);
static_assert(offsetof(struct urt_map_process, pid) == 24);
static_assert(offsetof(struct urt_map_process, state) == 40);
static_assert(offsetof(struct urt_map_process, comm) == 48);
static_assert(URT_COMM_LEN == TASK_COMM_LEN);

/**
 * urt_mapping_check() - whether somebody wants what we have
 * @vma: of their mmap()
 *
 * Return: 0, -EACCES for writing, -EINVAL for anything else we do not map.
 */
int urt_mapping_check(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_pgoff)
		return -EINVAL;
	return 0;
}

static u32 snapshot_offset(const struct urt_mapping *mapping, int side)
{
	return sizeof(struct urt_map) +
	       side * (sizeof(struct urt_map_snapshot) +
		       mapping->capacity * sizeof(struct urt_map_process));
}

/**
 * urt_mapping_init() - make room
 * @mapping: to fill in
 * @length: in whole pages, as mmap() has it
 *
 * Return: 0, -EINVAL for more than max_per_user processes' room, -ENOMEM.
 */
int urt_mapping_init(struct urt_mapping *mapping, size_t length)
{
	struct urt_map *map;

	if (length > PAGE_ALIGN(URT_MAP_LENGTH((size_t)urt_max_per_user)))
		return -EINVAL;
	map = __vmalloc(length, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!map)
		return -ENOMEM;
	mapping->length = length;
	mapping->capacity = min_t(size_t, urt_max_per_user,
				  (length - URT_MAP_LENGTH(0)) / 2 /
				  sizeof(struct urt_map_process));
	map->version = URT_MAP_VERSION;
	map->capacity = mapping->capacity;
	map->snapshot_offset[0] = snapshot_offset(mapping, 0);
	map->snapshot_offset[1] = snapshot_offset(mapping, 1);
	map->process_offset = sizeof(struct urt_map_snapshot);
	map->process_size = sizeof(struct urt_map_process);
	mapping->map = map;
	return 0;
}

void urt_mapping_exit(struct urt_mapping *mapping)
{
	vfree(mapping->map);
	mapping->map = NULL;
}

/**
 * urt_mapping_insert() - let a user see it
 * @mapping: initialised
 * @vma: has passed urt_mapping_check(), and is of its length
 *
 * Return: 0, or what remap_pfn_range() says.
 */
int urt_mapping_insert(const struct urt_mapping *mapping,
		       struct vm_area_struct *vma)
{
	const char *from = (const char *)mapping->map;
	unsigned long to;
	int err;

	vm_flags_clear(vma, VM_MAYWRITE);
	for (to = vma->vm_start; to < vma->vm_end; to += PAGE_SIZE) {
		err = remap_pfn_range(vma, to, vmalloc_to_pfn(from), PAGE_SIZE,
				      vma->vm_page_prot);
		if (err)
			return err;
		from += PAGE_SIZE;
	}
	return 0;
}

static void fill_process(struct urt_map_process *process,
			 struct urt_entry *entry, const struct urt_opener *who,
			 pid_t nr)
{
	const struct urt_looks *looks = &entry->looks;

	urt_entry_look(entry);
	process->utime_ns = entry->time.utime;
	process->stime_ns = entry->time.stime;
	process->start_ns = entry->start_ns + who->boot_offset;
	process->pid = nr;
	process->ppid = pid_nr_ns(looks->parent, who->pid_ns);
	process->uid = from_kuid_munged(who->file->f_cred->user_ns, looks->uid);
	process->threads = looks->threads;
	process->state = entry->state;
	/* Linux 5.10 leaves an older name's end behind the NUL. */
	strscpy_pad(process->comm, looks->comm, sizeof(process->comm));
}

static void fill_snapshot(struct urt_map_snapshot *snapshot,
			  unsigned int capacity, struct urt_registry *reg,
			  const struct urt_opener *who)
{
	struct urt_map_process *processes = (void *)(snapshot + 1);
	unsigned int n = 0, seen = 0;
	struct urt_entry *entry;
	pid_t nr;

	list_for_each_entry(entry, &reg->entries, list) {
		if (urt_entry_visible(entry, who, &nr) && seen++ < capacity)
			fill_process(&processes[n++], entry, who, nr);
		if (!(seen % 32))
			urt_registry_breathe(reg);
	}
	snapshot->generation = atomic64_read(&reg->generation);
	snapshot->time_ns = reg->time_ns + who->boot_offset;
	snapshot->processes = n;
	snapshot->registered = seen;
}

/**
 * urt_mapping_publish() - show readers the registry as it is now
 * @mapping: nothing happens if nobody has mapped it
 * @reg: its lock held
 * @who: has opened the session
 */
void urt_mapping_publish(struct urt_mapping *mapping, struct urt_registry *reg,
			 const struct urt_opener *who)
{
	unsigned int next = mapping->sequence + 1;

	lockdep_assert_held(&reg->lock);
	if (!mapping->map)
		return;
	/* Whoever sees what we write now sees that its turn is over, too. */
	smp_wmb();
	fill_snapshot((void *)mapping->map + snapshot_offset(mapping, next & 1),
		      mapping->capacity, reg, who);
	/* Pairs with the acquire of readers: urt.h tells them. */
	smp_store_release(&mapping->map->sequence, next);
	mapping->sequence = next;
}

/* Shows readers the interval, which holds from now on. */
void urt_mapping_pace(struct urt_mapping *mapping,
		      const struct urt_registry *reg)
{
	if (mapping->map)
		WRITE_ONCE(mapping->map->interval_ms,
			   urt_registry_interval(reg));
}
