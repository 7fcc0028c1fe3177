/* SPDX-License-Identifier: MIT */
#ifndef WAKEUP_H
#define WAKEUP_H

void wakeup_measure(void);

#endif
