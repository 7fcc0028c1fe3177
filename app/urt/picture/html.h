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

/* Bytes as base64, in a stream. */
struct base64 {
	FILE *file;
	unsigned int bits;	/* of count bytes, not yet written */
	unsigned int count;
};

void base64_put(struct base64 *base64, unsigned char byte);
void base64_end(struct base64 *base64);

#endif
