/* SPDX-License-Identifier: MIT */
/* The cost of a process from fork to wait. */
#ifndef FORKS_H
#define FORKS_H

void forks(int n);
void forks_measure(void);
void forks_profile(void);

#endif
