/* SPDX-License-Identifier: MIT */
/* Helpers of the liburt tests. */
#ifndef TEST_LIBURT_COMMON_H
#define TEST_LIBURT_COMMON_H

#include "lib.h"
#include "liburt.h"

#define USER 1000

/* Expects a call to fail with an errno. */
#define fails(call, err)						\
	do {								\
		errno = 0;						\
		expect((call) == -1 && errno == (err), "%s", strerror(errno)); \
	} while (0)

struct urt *session(void);
void adds(struct urt *u, pid_t pid, int flags);
struct urt_record next(struct urt *u);	/* fails if there is none */
/*
 * Reads up to the end. Return: how many processes the records of a type count.
 */
int count_to_end(struct urt *u, enum urt_type type);

/* A child that acts when told to, and exits when told to. */
struct waiting {
	pid_t pid;
	int go;
};

struct waiting waiting(void (*fn)(void));	/* NULL: nothing */
void tell(const struct waiting *w, unsigned char status);
void fork_ten(void);	/* children, one after the other */

#endif
