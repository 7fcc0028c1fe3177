/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_MAP_H
#define URT_MAP_H

#include <linux/list.h>
#include <linux/types.h>

struct urt_area;
struct urt_opener;
struct urt_registry;
struct vm_area_struct;

/*
 * The snapshots of a session for reading without system calls. urt.h has the
 * layout. Once the session has been mapped, the longest area comes first. Older
 * areas stay while they are mapped.
 */
struct urt_mapping {
	struct list_head areas;		/* registry's lock */
	size_t length;			/* registry's lock to write; longest */
	size_t total;			/* registry's lock; of all lengths */
};

int urt_mapping_check(const struct vm_area_struct *vma);
struct urt_area *urt_area_alloc(const struct urt_opener *who, size_t length);
void urt_area_free(struct urt_area *area);
void urt_area_get(struct urt_area *area);
int urt_area_insert(struct urt_area *area, struct vm_area_struct *vma);

void urt_mapping_init(struct urt_mapping *mapping);
void urt_mapping_exit(struct urt_mapping *mapping);
int urt_mapping_add(struct urt_mapping *mapping, struct urt_area *area,
		    const struct urt_opener *who);
struct urt_area *urt_mapping_get(struct urt_mapping *mapping);
void urt_mapping_put(struct urt_mapping *mapping, struct urt_area *area);
void urt_mapping_publish(struct urt_mapping *mapping, struct urt_registry *reg,
			 const struct urt_opener *who);
void urt_mapping_pace(struct urt_mapping *mapping,
		      const struct urt_registry *reg);

#endif
