/* SPDX-License-Identifier: MIT */
/* Reading and refreshing a mapped session. */
#ifndef MAPPED_H
#define MAPPED_H

#include "children.h"

#define MAPPED_READERS 10

void mapped_open(const struct set *set);
void mapped_sample(void);
void mapped_sample_shared(void);
void mapped_touch(void);
void mapped_close(void);

#endif
