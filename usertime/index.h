/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_INDEX_H
#define URT_INDEX_H

#include <linux/types.h>

struct signal_struct;
struct urt_entry;

int urt_index_init(unsigned int entries);
void urt_index_exit(void);

bool urt_index_empty(void);
void urt_index_add(struct urt_entry *entry);
void urt_index_del(struct urt_entry *entry);
struct urt_entry *urt_index_first(const struct signal_struct *signal);
struct urt_entry *urt_index_next(struct urt_entry *entry);

#endif
