/* SPDX-License-Identifier: MIT */
#ifndef EXITS_H
#define EXITS_H

void exits_measure(void);

#endif
