/* SPDX-License-Identifier: MIT */
/* A run as a still picture. */
#ifndef SVG_H
#define SVG_H

#include <stdio.h>

#include "picture/picture.h"

/* A whole file. Whether it could be written, the file knows. */
void svg_write(const struct picture *picture, FILE *file);

/* The same to stand in a page of HTML, which has the style, svg.css. */
void svg_write_inline(const struct picture *picture, FILE *file);

#endif
