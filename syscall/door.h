/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A door is one way to have work done that can be measured. User space
 * (measure.c) and the kernel (module/) use the same doors:
 *
 *	DOOR(getppid, "system call, getppid()")
 *	{
 *		getppid();
 *	}
 *
 * makes door_getppid, with a function that does the work once, between two
 * stamps, and a function that does it in a loop. The listings show both by
 * name.
 */
#ifndef SYSCALL_DOOR_H
#define SYSCALL_DOOR_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#else
#include <sys/cdefs.h>
#define noinline __attribute_noinline__
#endif

#define DOOR_SAMPLES	1001	/* each is of one call */
#define DOOR_BATCHES	101	/* each is of a loop */
#define DOOR_LOOP	1000	/* calls in a loop */

struct door {
	const char *name;
	unsigned long long (*once)(void);	/* from stamp to stamp */
	void (*loop)(unsigned int n);
	void (*undo)(void);	/* after each call; if set, no loop */
};

/*
 * Reads the time stamp counter. If QEMU counts instructions (-icount shift=0),
 * this is their number. The function always has the same instructions, so that
 * its cost is known.
 */
static inline unsigned long long door_stamp(void)
{
	unsigned long long now;

	asm volatile("rdtsc\n\tshl $32, %%rdx\n\tor %%rdx, %%rax"
		     : "=a" (now) : : "rdx", "cc", "memory");
	return now;
}

#define DOOR_ONCE(id)							\
	static __always_inline void call_##id(void);			\
	static noinline unsigned long long once_##id(void)		\
	{								\
		unsigned long long begin = door_stamp();		\
									\
		call_##id();						\
		return door_stamp() - begin;				\
	}

#define DOOR(id, text)							\
	DOOR_ONCE(id)							\
	static noinline void loop_##id(unsigned int n)			\
	{								\
		do {							\
			call_##id();					\
			asm volatile("" : : : "memory");		\
		} while (--n);						\
	}								\
	static const struct door door_##id = {				\
		.name = (text), .once = once_##id, .loop = loop_##id,	\
	};								\
	static __always_inline void call_##id(void)

/*
 * A door that must be undone by undo_ID(), defined before, between two calls.
 */
#define DOOR_UNDONE(id, text)						\
	DOOR_ONCE(id)							\
	static const struct door door_##id = {				\
		.name = (text), .once = once_##id, .undo = undo_##id,	\
	};								\
	static __always_inline void call_##id(void)

#endif
