/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_TREE_H
#define URT_TREE_H

#include <linux/types.h>

struct urt_opener;
struct urt_registry;

int urt_tree_add(struct urt_registry *reg, const struct urt_opener *who,
		 pid_t nr);

#endif
