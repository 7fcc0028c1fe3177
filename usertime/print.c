// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers and names, as several of our text formats print them.
 *
 * They are printed backwards, from where they end, because the digits of a
 * number come in that order. This is several times as fast as
 * seq_put_decimal_ull(). The speed counts, because most of the text is numbers,
 * and there is a lot of it.
 */
#include "print.h"

#include <linux/math64.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

static const char pairs[] = {
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
};

static __always_inline void put_pair(char *at, unsigned int below_100)
{
	memcpy(at, &pairs[2 * below_100], 2);
}

static __always_inline char *print_before(char *end, u64 number)
{
	unsigned int few;
	u64 rest;

	/* Divisions cost most here, long ones above all, so there are few. */
	while (number >= 10000) {
		rest = div_u64(number, 10000);
		few = number - rest * 10000;
		end -= 4;
		put_pair(end, few / 100);
		put_pair(end + 2, few % 100);
		number = rest;
	}
	few = number;
	if (few >= 100) {
		end -= 2;
		put_pair(end, few % 100);
		few /= 100;
	}
	if (few < 10) {
		*--end = '0' + few;
		return end;
	}
	end -= 2;
	put_pair(end, few);
	return end;
}

/**
 * urt_print_before() - print a number in decimal
 * @end: where it ends; 20 bytes before that are enough
 * @number: to print
 *
 * Context: Any.
 * Return: where it begins.
 */
char *urt_print_before(char *end, u64 number)
{
	return print_before(end, number);
}

/**
 * urt_print_columns_before() - print numbers in decimal, a blank before each
 * @end: where the last one ends; 21 bytes for each are enough
 * @numbers: to print
 * @n: how many
 *
 * Context: Any.
 * Return: where the first blank is.
 */
char *urt_print_columns_before(char *end, const u64 *numbers, unsigned int n)
{
	while (n--) {
		end = print_before(end, numbers[n]);
		*--end = ' ';
	}
	return end;
}

/* Bytes that end a name, or that may have to be escaped. */
static const bool special_bytes[256] = {
	[0 ... ' '] = true, ['\\'] = true, ['\177' ... 255] = true,
};

/* This is apart, so that a name without escapes does not pay for the buffer. */
static noinline char *escape_before(char *end, const char *comm)
{
	static const char special[] =
		"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017"
		"\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036"
		"\037\040\177\\";
	char escaped[URT_PRINT_COMM_MAX];
	int len;

	len = string_escape_mem(comm, strlen(comm), escaped, sizeof(escaped),
				ESCAPE_OCTAL, special);
	return memcpy(end - len, escaped, len);
}

/**
 * urt_print_comm_before() - print a name, escaped as in /proc/mounts
 * @end: where it ends; URT_PRINT_COMM_MAX bytes before that are enough
 * @comm: the name
 *
 * The backslash is escaped as well, so that readers can undo the escapes.
 *
 * Context: Any.
 * Return: where it begins.
 */
char *urt_print_comm_before(char *end, const char *comm)
{
	const char *p = comm;

	while (!special_bytes[(unsigned char)*p])
		p++;
	if (*p)
		return escape_before(end, comm);
	return memcpy(end - (p - comm), comm, p - comm);
}
