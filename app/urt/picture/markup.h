/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_MARKUP_H
#define PICTURE_MARKUP_H

#include <stdio.h>

/* Text between tags, or in an attribute, of HTML and SVG. */
void markup_text(FILE *file, const char *text);

#endif
