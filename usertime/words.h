/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_WORDS_H
#define URT_WORDS_H

#include <linux/types.h>

#include "urt.h"

/* A word that a file understands. */
struct urt_word {
	const char *name;	/* "" for a bare number */
	char sign;		/* that may or must stand before the number */
	int (*run)(void *ctx, unsigned int number);
};

/* What one write leaves for the next one to the same file. */
struct urt_words {
	char carry[URT_WORD_MAX];	/* an unterminated word */
	unsigned int carried;
	bool line;		/* it is complete, but for a number on its line */
	bool did;		/* earlier writes did a word */
	size_t left;		/* of a write that our limit has cut */
};

ssize_t urt_words_write(struct urt_words *words, const struct urt_word *table,
			void *ctx, const char __user *buf, size_t count);
void urt_words_close(struct urt_words *words, const struct urt_word *table,
		     void *ctx);

#endif
