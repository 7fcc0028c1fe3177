/* SPDX-License-Identifier: MIT */
/*
 * Fault injection of the kernel makes an allocation fail, or a copy between
 * user space and the kernel. A walk repeats one operation. First the first of
 * these fails, then the second, until none is left to fail.
 */
#ifndef FAULTS_COMMON_H
#define FAULTS_COMMON_H

#include "lib.h"

/* An operation to walk over with faults. */
struct operation {
	const char *name;
	void (*before)(void);		/* makes run() possible; may be NULL */
	int (*run)(void);		/* system calls only; 0 or an errno */
	void (*after)(int err);		/* checks the result and undoes it */
	int errors[3];			/* that run() may return; 0 ends them */
};

/* Call it first, as root. Skips the test if the kernel cannot inject faults. */
void faults_need(void);
void faults_walk(const struct operation *op);
/*
 * As root: runs fn as a user, with faults of the module, then with those of the
 * kernel.
 */
void faults_in_user(void (*fn)(void *));

/* For other walks. Only system calls may come between these two. */
void fault_arm(unsigned int n);
bool fault_fired(void);			/* whether it fired; arms none */
void faults_count(const char *name, unsigned int injected, unsigned int failed);

/* As root: only calls from within this code fail. */
void faults_only_below(const char *function);	/* of the kernel */
void faults_only_of_module(void);
void faults_not_below(const char *function);
void faults_anywhere(void);
/* As root: every Nth allocation fails, in any context; 0: none. */
void faults_every(unsigned int interval);

#endif
