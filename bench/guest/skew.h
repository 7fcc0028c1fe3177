/* SPDX-License-Identifier: MIT */
#ifndef SKEW_H
#define SKEW_H

void skew_measure(void);

#endif
