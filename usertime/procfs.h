/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_PROCFS_H
#define URT_PROCFS_H

struct urt_registry;

extern unsigned int urt_status_mode;

int urt_procfs_init(struct urt_registry *reg);
void urt_procfs_exit(void);

#endif
