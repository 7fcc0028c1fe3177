/* SPDX-License-Identifier: MIT */
#ifndef ACCURACY_H
#define ACCURACY_H

void accuracy_measure(void);

#endif
