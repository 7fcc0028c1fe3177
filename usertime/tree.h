/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_TREE_H
#define URT_TREE_H

#include <linux/types.h>

struct task_struct;
struct urt_entry;
struct urt_opener;
struct urt_registry;

int urt_tree_add(struct urt_registry *reg, const struct urt_opener *who,
		 pid_t nr);

bool urt_tree_reaches(const struct urt_registry *reg,
		      const struct task_struct *task, u32 search);
void urt_tree_reach(struct urt_entry *entry, const struct urt_opener *who,
		    u32 search);
void urt_tree_removes(struct urt_entry *entry);

#endif
