/* SPDX-License-Identifier: MIT */
#ifndef LOST_H
#define LOST_H

void lost_measure(void);

#endif
