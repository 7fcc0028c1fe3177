// SPDX-License-Identifier: GPL-2.0-only
/* What several of our text formats have in common. */
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "print.h"

/**
 * urt_print_before() - a number in decimal
 * @end: where it ends; 20 bytes before that are enough
 * @number: to print
 *
 * Several times as fast as seq_put_decimal_ull(), which counts where most of
 * the text is numbers.
 *
 * Return: where it begins.
 */
char *urt_print_before(char *end, u64 number)
{
	unsigned int pair = number;
	u64 hundreds;

	/* Two digits at a time: divisions are what it costs. */
	while (number >= 100) {
		hundreds = div_u64(number, 100);
		pair = number - hundreds * 100;
		*--end = '0' + pair % 10;
		*--end = '0' + pair / 10;
		number = hundreds;
		pair = number;
	}
	*--end = '0' + pair % 10;
	if (pair >= 10)
		*--end = '0' + pair / 10;
	return end;
}

static bool is_special(unsigned char c)
{
	return c <= ' ' || c == '\177' || c == '\\';
}

/* As in /proc/mounts; the backslash, too, so that it can be undone. */
void urt_print_comm(struct seq_file *m, const char *comm)
{
	static const char special[] =
		"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017"
		"\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036"
		"\037\040\177\\";
	char escaped[TASK_COMM_LEN * 4];
	const char *p = comm;
	int len;

	/* Most names need no escaping, which costs as much as all the rest. */
	while (*p && !is_special(*p))
		p++;
	if (!*p) {
		seq_write(m, comm, p - comm);
		return;
	}
	len = string_escape_mem(comm, strlen(comm), escaped, sizeof(escaped),
				ESCAPE_OCTAL, special);
	seq_write(m, escaped, len);
}
