/* SPDX-License-Identifier: MIT */
/* Draws the picture of a run into files: a page, or a still picture. */
#ifndef PICTURE_DRAW_H
#define PICTURE_DRAW_H

#include <stdbool.h>

#include "summary.h"
#include "tally.h"

/*
 * Writes the files summary->html and summary->svg. The tally must have the
 * processes one by one; it gets sorted.
 * Return: whether they are written; if not, a message is printed.
 */
bool picture_draw(const struct summary *summary, struct tally *tally);
/*
 * Whether the files can be written, as far as this is known before. If not, a
 * message is printed. The files must differ from each other and from the other
 * file, which may be NULL. what is the name of the other file in messages.
 */
bool picture_can_draw(const struct summary *summary, const char *what,
		      const char *other);

#endif
