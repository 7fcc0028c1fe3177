/* SPDX-License-Identifier: MIT */
/*
 * Faults: the kernel's fault injection makes an allocation fail, or a copy
 * between user space and the kernel. A walk repeats one operation, with the
 * first of them failing, then the second, until there is none left to fail.
 */
#ifndef FAULTS_COMMON_H
#define FAULTS_COMMON_H

#include "lib.h"

/* Something that faults are walked over. */
struct operation {
	const char *name;
	void (*before)(void);		/* makes it possible; may be NULL */
	int (*run)(void);		/* system calls only; 0 or an errno */
	void (*after)(int err);		/* what has become of it; undoes it */
	int errors[3];			/* what it may fail with; 0 ends them */
};

/* As root, first. Skips the test where the kernel cannot do it. */
void faults_need(void);
void faults_walk(const struct operation *op);
/* As root: fn as a user, with the module's faults, then with the kernel's, too. */
void faults_in_user(void (*fn)(void *));

/* For walks that are not as above. Nothing but system calls between the two. */
void fault_arm(unsigned int n);
bool fault_fired(void);			/* and none is left armed */
void faults_count(const char *name, unsigned int injected, unsigned int failed);

/* As root: only what is called from within this code fails. */
void faults_only_below(const char *function);	/* of the kernel */
void faults_only_of_module(void);
void faults_not_below(const char *function);
void faults_anywhere(void);
/* As root: every so manyth fails, in any context; 0: none. */
void faults_every(unsigned int interval);

#endif
