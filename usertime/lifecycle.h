/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_LIFECYCLE_H
#define URT_LIFECYCLE_H

int urt_lifecycle_init(void);
void urt_lifecycle_exit(void);
int urt_lifecycle_follow_forks(void);

#endif
