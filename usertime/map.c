// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapped snapshots of a session.
 *
 * Two of them take turns, as in the kernel's own latch: the one that readers are
 * told to read stays as it is while the other is filled. Users cannot write to
 * the memory, and what we need to know of it we keep elsewhere, all the same.
 *
 * An area is the memory of one length. The session holds a reference to the
 * longest one, each mapping to its own: an outgrown area goes with its last
 * mapping. All of them show the same generations until then.
 *
 * Pages are inserted by number: Linux 5.10 does not allow pages that are charged
 * to a memory cgroup to be mapped otherwise.
 */
#include "map.h"

#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "entry.h"
#include "opener.h"
#include "pace.h"
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

struct urt_area {
	struct list_head node;		/* of mapping->areas */
	refcount_t ref;			/* registry's lock to drop */
	size_t length;			/* in whole pages */
	unsigned int capacity;		/* processes in a snapshot */
	unsigned int sequence;		/* registry's lock; ours: never read back */
	struct urt_map *map;
};

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

static u32 snapshot_offset(const struct urt_area *area, int side)
{
	return sizeof(struct urt_map) +
	       side * (sizeof(struct urt_map_snapshot) +
		       area->capacity * sizeof(struct urt_map_process));
}

/* Return: how many processes a session of theirs can have, at most. */
static size_t most_processes(const struct urt_opener *who)
{
	return who->exempt ? max(urt_max_processes, urt_max_per_user) :
			     urt_max_per_user;
}

static size_t most_bytes(const struct urt_opener *who)
{
	return PAGE_ALIGN(URT_MAP_LENGTH(most_processes(who)));
}

/**
 * urt_area_alloc() - make room
 * @who: has opened the session
 * @length: in whole pages, as mmap() has it
 *
 * Return: an area for urt_mapping_add(), or -EINVAL for more room than @who can
 * have processes, or -ENOMEM.
 */
struct urt_area *urt_area_alloc(const struct urt_opener *who, size_t length)
{
	struct urt_area *area;
	struct urt_map *map;

	if (length > most_bytes(who))
		return ERR_PTR(-EINVAL);
	area = kzalloc(sizeof(*area), GFP_KERNEL_ACCOUNT);
	if (!area)
		return ERR_PTR(-ENOMEM);
	map = __vmalloc(length, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!map) {
		kfree(area);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&area->ref, 1);
	area->length = length;
	area->capacity = min_t(size_t, most_processes(who),
			       (length - URT_MAP_LENGTH(0)) / 2 /
			       sizeof(struct urt_map_process));
	map->version = URT_MAP_VERSION;
	map->capacity = area->capacity;
	map->snapshot_offset[0] = snapshot_offset(area, 0);
	map->snapshot_offset[1] = snapshot_offset(area, 1);
	map->process_offset = sizeof(struct urt_map_snapshot);
	map->process_size = sizeof(struct urt_map_process);
	area->map = map;
	return area;
}

/* For one that is in no list. */
void urt_area_free(struct urt_area *area)
{
	if (!area)
		return;
	vfree(area->map);
	kfree(area);
}

/* One more mapping of what is mapped. */
void urt_area_get(struct urt_area *area)
{
	refcount_inc(&area->ref);
}

/**
 * urt_area_insert() - let a user see it
 * @area: a reference to it becomes the mapping's
 * @vma: has passed urt_mapping_check(), and is of its length
 *
 * Return: 0, or what remap_pfn_range() says. Pages may be mapped then for as
 * long as mmap() takes to fail: the reference is lost, and the area stays until
 * the file is closed.
 */
int urt_area_insert(struct urt_area *area, struct vm_area_struct *vma)
{
	const char *from = (const char *)area->map;
	unsigned long to;
	int err;

	vm_flags_clear(vma, VM_MAYWRITE);
	for (to = vma->vm_start; to < vma->vm_end; to += PAGE_SIZE) {
		err = remap_pfn_range(vma, to, vmalloc_to_pfn(from), PAGE_SIZE,
				      vma->vm_page_prot);
		if (err)
			return err;
		from += PAGE_SIZE;
		cond_resched();
	}
	vma->vm_private_data = area;
	return 0;
}

void urt_mapping_init(struct urt_mapping *mapping)
{
	INIT_LIST_HEAD(&mapping->areas);
}

/* When nothing is mapped any more. */
void urt_mapping_exit(struct urt_mapping *mapping)
{
	struct urt_area *area, *next;

	list_for_each_entry_safe(area, next, &mapping->areas, node) {
		list_del(&area->node);
		urt_area_free(area);
	}
}

static struct urt_area *longest(struct urt_mapping *mapping)
{
	return list_first_entry_or_null(&mapping->areas, struct urt_area, node);
}

/**
 * urt_mapping_add() - map an area from now on
 * @mapping: of a session whose registry's lock the caller holds
 * @area: longer than those it has
 * @who: has opened the session
 *
 * Doubling the length each time, up to the longest, is always possible.
 *
 * Return: 0, or -ENOMEM when areas that are still mapped are too long already.
 */
int urt_mapping_add(struct urt_mapping *mapping, struct urt_area *area,
		    const struct urt_opener *who)
{
	struct urt_area *old = longest(mapping);

	if (mapping->total + area->length > 3 * most_bytes(who))
		return -ENOMEM;
	list_add(&area->node, &mapping->areas);
	WRITE_ONCE(mapping->length, area->length);
	mapping->total += area->length;
	if (old)
		urt_mapping_put(mapping, old);
	return 0;
}

/* Return: a reference to the longest area, for urt_mapping_put(). */
struct urt_area *urt_mapping_get(struct urt_mapping *mapping)
{
	struct urt_area *area = longest(mapping);

	urt_area_get(area);
	return area;
}

/* Under the registry's lock. */
void urt_mapping_put(struct urt_mapping *mapping, struct urt_area *area)
{
	if (!refcount_dec_and_test(&area->ref))
		return;
	list_del(&area->node);
	mapping->total -= area->length;
	urt_area_free(area);
}

static void fill_process(struct urt_map_process *process,
			 struct urt_entry *entry, const struct urt_opener *who,
			 pid_t nr)
{
	const struct urt_details *details = &entry->details;

	urt_entry_update_details(entry);
	process->utime_ns = entry->time.utime;
	process->stime_ns = entry->time.stime;
	process->start_ns = entry->start_ns + who->boot_offset;
	process->pid = nr;
	process->ppid = pid_nr_ns(details->parent, who->pid_ns);
	process->uid = from_kuid_munged(who->file->f_cred->user_ns,
					details->uid);
	process->threads = details->threads;
	process->state = entry->state;
	/* Linux 5.10 leaves an older name's end behind the NUL. */
	strscpy_pad(process->comm, details->comm, sizeof(process->comm));
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
			urt_pace_resched(reg);
	}
	snapshot->generation = atomic64_read(&reg->generation);
	snapshot->time_ns = reg->time_ns + who->boot_offset;
	snapshot->processes = n;
	snapshot->registered = seen;
}

static void publish(struct urt_area *area, struct urt_registry *reg,
		    const struct urt_opener *who)
{
	unsigned int next = area->sequence + 1;

	/* Whoever sees what we write now sees that its turn is over, too. */
	smp_wmb();
	fill_snapshot((void *)area->map + snapshot_offset(area, next & 1),
		      area->capacity, reg, who);
	/* Pairs with the acquire of readers: urt.h tells them. */
	smp_store_release(&area->map->sequence, next);
	area->sequence = next;
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
	struct urt_area *area;

	lockdep_assert_held(&reg->lock);
	list_for_each_entry(area, &mapping->areas, node)
		publish(area, reg, who);
}

/* Shows readers the interval, which holds from now on. */
void urt_mapping_pace(struct urt_mapping *mapping,
		      const struct urt_registry *reg)
{
	struct urt_area *area;

	list_for_each_entry(area, &mapping->areas, node)
		WRITE_ONCE(area->map->interval_ms, urt_pace_interval(reg));
}
