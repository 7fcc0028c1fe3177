// SPDX-License-Identifier: MIT
#include "picture/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_digits(struct base64 *base64, unsigned int count)
{
	unsigned int bits = base64->bits << 8 * (3 - base64->count), i;

	for (i = 0; i < 4; i++)
		fputc(i < count ? digits[bits >> (18 - 6 * i) & 63] : '=',
		      base64->file);
	base64->bits = 0;
	base64->count = 0;
}

void base64_put(struct base64 *base64, unsigned char byte)
{
	base64->bits = base64->bits << 8 | byte;
	if (++base64->count == 3)
		put_digits(base64, 4);
}

void base64_end(struct base64 *base64)
{
	if (base64->count)
		put_digits(base64, base64->count + 1);
}
