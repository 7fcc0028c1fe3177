/* SPDX-License-Identifier: MIT */
/* One process of many threads. */
#ifndef THREADS_H
#define THREADS_H

void threads_measure(void);

#endif
