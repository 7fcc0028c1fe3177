/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_POOL_H
#define URT_POOL_H

struct urt_entry;
struct urt_registry;

void urt_pool_refill(struct urt_registry *reg);
void urt_pool_refill_paid(struct urt_registry *reg);
void urt_pool_drain(struct urt_registry *reg);
void urt_pool_renew(struct urt_registry *reg);
struct urt_entry *urt_pool_take(struct urt_registry *reg);

#endif
