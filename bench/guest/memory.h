/* SPDX-License-Identifier: MIT */
#ifndef MEMORY_H
#define MEMORY_H

void memory_measure(void);

#endif
