/* SPDX-License-Identifier: MIT */
/* The files that have the picture of a run: a page, or a still picture. */
#ifndef PICTURE_DRAW_H
#define PICTURE_DRAW_H

#include <stdbool.h>

#include "summary.h"
#include "tally.h"

/*
 * The files summary->html and summary->svg, for which the tally must have the
 * processes one by one; sorts it. Return: whether they are written; or a message.
 */
bool picture_draw(const struct summary *summary, struct tally *tally);
/*
 * Whether they can be written, as far as that is known before; or a message. They
 * must not be each other, nor the other file that there is, or NULL; what it is
 * called says what.
 */
bool picture_can_draw(const struct summary *summary, const char *what,
		      const char *other);

#endif
