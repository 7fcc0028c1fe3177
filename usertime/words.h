/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_WORDS_H
#define URT_WORDS_H

#include <linux/types.h>

#include "urt.h"

/* A word that a file understands. */
struct urt_word {
	const char *name;	/* "" for a bare number */
	char sign;		/* sign before the number, or 0 */
	int (*run)(void *ctx, unsigned int number);
};

/* State that one write leaves for the next one to the same file. */
struct urt_words {
	char carry[URT_WORD_MAX];	/* an unterminated word */
	unsigned int carried;
	bool line;		/* complete, but for its number */
	bool did;		/* an earlier write did a word */
	size_t left;		/* rest of a write that was cut */
};

ssize_t urt_words_write(struct urt_words *words, const struct urt_word *table,
			void *ctx, const char __user *buf, size_t count);
void urt_words_close(struct urt_words *words, const struct urt_word *table,
		     void *ctx);

#endif
