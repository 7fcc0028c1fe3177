/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_SESSION_H
#define URT_SESSION_H

struct proc_dir_entry;

struct proc_dir_entry *urt_session_create(struct proc_dir_entry *directory);
void urt_session_drain(void);

#endif
