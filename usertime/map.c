// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapped snapshots of a session.
 *
 * Two snapshots take turns, as in the kernel's own latch. One of them is filled
 * while readers are told to read the other, which stays as it is. Users cannot
 * write to the memory. Even so, the module keeps elsewhere what it needs to
 * know of the memory.
 *
 * An area is the memory of one length. The session holds a reference to the
 * longest area, and each mapping to its own area. An outgrown area is freed
 * with its last mapping. All areas show the same generations until then.
 *
 * Pages are inserted by number, because Linux 5.10 maps pages that are charged
 * to a memory cgroup in no other way.
 */
#include "map.h"

#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "entry.h"
#include "opener.h"
#include "pace.h"
#include "quota.h"
#include "registry.h"
#include "urt.h"

/* User space was compiled with this layout, 32-bit programs as well. */
static_assert(sizeof(struct urt_map) == 64);
static_assert(offsetof(struct urt_map, sequence) == 4);
static_assert(offsetof(struct urt_map, snapshot_offset) == 16);
static_assert(offsetof(struct urt_map, process_size) == 28);
static_assert(sizeof(struct urt_map_snapshot) == 64);
static_assert(offsetof(struct urt_map_snapshot, processes) == 16);
static_assert(sizeof(struct urt_map_process) == 64);
static_assert(offsetof(struct urt_map_process, pid) == 24);
static_assert(offsetof(struct urt_map_process, state) == 40);
static_assert(offsetof(struct urt_map_process, error_us) == 44);
static_assert(offsetof(struct urt_map_process, comm) == 48);
static_assert(URT_COMM_LEN == TASK_COMM_LEN);

struct urt_area {
	struct list_head node;		/* of mapping->areas */
	refcount_t ref;			/* registry's lock to drop */
	size_t length;			/* in whole pages */
	unsigned int capacity;		/* processes in a snapshot */
	unsigned int sequence;		/* registry's lock; not read from map */
	struct urt_map *map;
};

/**
 * urt_mapping_check() - whether a session can be mapped as a user wants
 * @vma: of the user's mmap()
 *
 * Context: Process. The caller holds mmap_lock.
 * Return: 0, -EACCES for writing, or -EINVAL for anything else that is not
 * mapped.
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

/* Return: how many processes a session of this opener can have, at most. */
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
 * urt_area_alloc() - allocate an area
 * @who: the opener of the session
 * @length: in whole pages, as mmap() has it
 *
 * Context: Process. Allocates memory. The registry's lock is not held.
 * Return: an area for urt_mapping_add(); -EINVAL for more room than @who can
 * have processes; -ENOMEM.
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

/**
 * urt_area_free() - free an area
 * @area: on no list, or NULL
 *
 * Context: Process. May sleep.
 */
void urt_area_free(struct urt_area *area)
{
	if (!area)
		return;
	vfree(area->map);
	kfree(area);
}

/**
 * urt_area_get() - count one more mapping
 * @area: already mapped, or the longest one of a session
 *
 * Context: Process.
 */
void urt_area_get(struct urt_area *area)
{
	refcount_inc(&area->ref);
}

/**
 * urt_area_insert() - let a user see an area
 * @area: a reference to it becomes the mapping's
 * @vma: has passed urt_mapping_check(), and is as long as the area
 *
 * If this fails, pages may stay mapped for as long as mmap() takes to fail. The
 * reference is lost, and the area stays until the file is closed.
 *
 * Context: Process. The caller holds mmap_lock. May sleep.
 * Return: 0, or an error of remap_pfn_range().
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

/**
 * urt_mapping_init() - set up a mapping without areas
 * @mapping: of a session that no other task can reach yet
 *
 * Context: Process.
 */
void urt_mapping_init(struct urt_mapping *mapping)
{
	INIT_LIST_HEAD(&mapping->areas);
}

/**
 * urt_mapping_exit() - free all areas
 * @mapping: nothing of it is mapped any more
 *
 * Context: Process. The caller holds the registry's lock.
 */
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
 * urt_mapping_add() - make an area the one that is mapped from now on
 * @mapping: of a session
 * @area: longer than all that the session has
 * @who: the opener of the session
 *
 * Doubling the length each time, up to the longest, is always possible.
 *
 * Context: Process. The caller holds the registry's lock.
 * Return: 0, or -ENOMEM if areas that are still mapped are too long already.
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

/**
 * urt_mapping_get() - take a reference to the longest area
 * @mapping: of a session that has an area
 *
 * Context: Process. The caller holds the registry's lock.
 * Return: the area, for urt_mapping_put().
 */
struct urt_area *urt_mapping_get(struct urt_mapping *mapping)
{
	struct urt_area *area = longest(mapping);

	urt_area_get(area);
	return area;
}

/**
 * urt_mapping_put() - drop a reference to an area
 * @mapping: of a session
 * @area: on its list; freed with the last reference
 *
 * Context: Process. The caller holds the registry's lock.
 */
void urt_mapping_put(struct urt_mapping *mapping, struct urt_area *area)
{
	if (!refcount_dec_and_test(&area->ref))
		return;
	list_del(&area->node);
	mapping->total -= area->length;
	urt_area_free(area);
}

static u32 error_us(const struct urt_precise *precise)
{
	u64 us;

	if (!precise)
		return 0;
	us = div_u64(precise->accuracy.error_ns, NSEC_PER_USEC) + 1;
	return min_t(u64, us, U32_MAX);
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
	process->error_us = error_us(urt_entry_precise(entry));
	/* Linux 5.10 leaves the end of an older name behind the NUL. */
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

	/*
	 * Pairs with the acquire fence of readers; see urt.h. A reader that
	 * sees a write below then sees that the turn of this snapshot is over.
	 * Without the pair, the reader could take a torn snapshot for a whole
	 * one.
	 */
	smp_wmb();
	fill_snapshot((void *)area->map + snapshot_offset(area, next & 1),
		      area->capacity, reg, who);
	/*
	 * Pairs with the acquire of readers; see urt.h. Without the pair, a
	 * reader could see the new sequence before the snapshot is filled.
	 */
	smp_store_release(&area->map->sequence, next);
	area->sequence = next;
}

/**
 * urt_mapping_publish() - show readers the registry as it is now
 * @mapping: of the session; may have no area
 * @reg: the registry of the session
 * @who: the opener of the session
 *
 * Context: Process. The caller holds @reg->lock. May sleep.
 */
void urt_mapping_publish(struct urt_mapping *mapping, struct urt_registry *reg,
			 const struct urt_opener *who)
{
	struct urt_area *area;

	lockdep_assert_held(&reg->lock);
	list_for_each_entry(area, &mapping->areas, node)
		publish(area, reg, who);
}

/**
 * urt_mapping_pace() - show readers the interval that holds from now on
 * @mapping: of the session; may have no area
 * @reg: the registry of the session
 *
 * Context: Process. The caller holds @reg->lock.
 */
void urt_mapping_pace(struct urt_mapping *mapping,
		      const struct urt_registry *reg)
{
	struct urt_area *area;

	list_for_each_entry(area, &mapping->areas, node)
		WRITE_ONCE(area->map->interval_ms, urt_pace_interval(reg));
}
