/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_BASE64_H
#define PICTURE_BASE64_H

#include <stdio.h>

/* A stream of bytes that is written as base64. */
struct base64 {
	FILE *file;
	unsigned int bits;	/* of count bytes, not yet written */
	unsigned int count;
};

void base64_put(struct base64 *base64, unsigned char byte);
void base64_end(struct base64 *base64);

#endif
