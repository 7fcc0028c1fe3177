/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_WAKE_H
#define URT_WAKE_H

#include <linux/poll.h>
#include <linux/wait.h>

struct urt_part;
struct urt_waiters;

void urt_wake(wait_queue_head_t *queue, __poll_t events);

struct urt_waiters *urt_waiters_get(struct urt_part *part);
void urt_waiters_put(struct urt_waiters *waiters);
wait_queue_head_t *urt_waiters_queue(struct urt_waiters *waiters);
void urt_waiters_tell(void);

#endif
