/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_SESSION_H
#define URT_SESSION_H

struct proc_ops;

extern const struct proc_ops urt_session_ops;

#endif
