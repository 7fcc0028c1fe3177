/* SPDX-License-Identifier: MIT */
/* A run as a still picture. */
#ifndef SVG_H
#define SVG_H

#include <stdio.h>

#include "picture/picture.h"

/*
 * Writes a whole file. Errors of writing stay in the file, for the caller to
 * check.
 */
void svg_write(const struct picture *picture, FILE *file);

/* Writes the picture to stand in an HTML page, which has the style svg.css. */
void svg_write_inline(const struct picture *picture, FILE *file);

#endif
