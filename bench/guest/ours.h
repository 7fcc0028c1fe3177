/* SPDX-License-Identifier: MIT */
/* Reading status and stat. */
#ifndef OURS_H
#define OURS_H

#include <stdbool.h>
#include <stdint.h>

#include "children.h"

struct urt;
struct urt_snapshot;

void ours_open(const struct set *set);
void ours_register(bool print);
void ours_sample(void);
void ours_sample_few(const char *row);
uint64_t ours_total(void);
uint64_t liburt_cost(struct urt *urt, struct urt_snapshot *into);
void ours_close(void);

#endif
