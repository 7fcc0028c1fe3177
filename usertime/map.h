/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_MAP_H
#define URT_MAP_H

#include <linux/types.h>

struct urt_map;
struct urt_opener;
struct urt_registry;
struct vm_area_struct;

/* A session's snapshots for reading without system calls; layout in urt.h. */
struct urt_mapping {
	struct urt_map *map;		/* registry's lock; NULL until mapped */
	size_t length;			/* of it, in whole pages */
	unsigned int capacity;		/* processes in a snapshot */
	unsigned int sequence;		/* registry's lock; ours: never read back */
};

int urt_mapping_check(const struct vm_area_struct *vma);
int urt_mapping_init(struct urt_mapping *mapping, size_t length);
void urt_mapping_exit(struct urt_mapping *mapping);
int urt_mapping_insert(const struct urt_mapping *mapping,
		       struct vm_area_struct *vma);
void urt_mapping_publish(struct urt_mapping *mapping, struct urt_registry *reg,
			 const struct urt_opener *who);
void urt_mapping_pace(struct urt_mapping *mapping,
		      const struct urt_registry *reg);

#endif
