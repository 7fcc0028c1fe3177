/* SPDX-License-Identifier: MIT */
/* A run as a page of HTML that needs nothing but itself. */
#ifndef HTML_H
#define HTML_H

#include <stdio.h>

#include "picture/picture.h"

/* Whether it could be written, the file knows. */
void html_write(const struct picture *picture, FILE *file);

/* What the page's script decodes: what is known of the run as JSON ... */
void html_facts(const struct picture *picture, FILE *file);
/* ... and its processes as numbers in base64; see page/data.js. */
void html_rows(const struct picture *picture, FILE *file);

#endif
