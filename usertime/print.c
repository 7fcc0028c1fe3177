// SPDX-License-Identifier: GPL-2.0-only
/*
 * What several of our text formats have in common.
 *
 * They are printed backwards, from where they end: numbers come that way. It is
 * several times as fast as seq_put_decimal_ull(), which counts where most of the
 * text is numbers, and there is a lot of it.
 */
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "print.h"

static const char pairs[] = {
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
};

/**
 * urt_print_before() - a number in decimal
 * @end: where it ends; 20 bytes before that are enough
 * @number: to print
 *
 * Return: where it begins.
 */
char *urt_print_before(char *end, u64 number)
{
	u64 hundreds;

	/* Two digits at a time: divisions are what it costs. */
	while (number >= 100) {
		hundreds = div_u64(number, 100);
		end -= 2;
		memcpy(end, &pairs[2 * (number - hundreds * 100)], 2);
		number = hundreds;
	}
	if (number < 10) {
		*--end = '0' + number;
		return end;
	}
	end -= 2;
	memcpy(end, &pairs[2 * number], 2);
	return end;
}

static bool is_special(unsigned char c)
{
	return c <= ' ' || c == '\177' || c == '\\';
}

/* Apart, so that names that need no escaping do not pay for the buffer. */
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
 * urt_print_comm_before() - a name, escaped as in /proc/mounts
 * @end: where it ends; URT_PRINT_COMM_MAX bytes before that are enough
 * @comm: the name
 *
 * The backslash is escaped, too, so that it can be undone.
 *
 * Return: where it begins.
 */
char *urt_print_comm_before(char *end, const char *comm)
{
	const char *p = comm;

	while (*p && !is_special(*p))
		p++;
	if (*p)
		return escape_before(end, comm);
	while (p > comm)
		*--end = *--p;
	return end;
}
