/* SPDX-License-Identifier: MIT */
/* One refresh, on demand. */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdint.h>

void refresh_init(void);
uint64_t refresh_measure(int status);
uint64_t refresh_measure_session(int session);

/* Its steps, and facts about the last refresh. */
void refresh_ask(void);
void refresh_enough(void);
uint64_t refresh_cost(void);
uint64_t refresh_ended(void);
uint64_t refresh_woken(void);

#endif
