// SPDX-License-Identifier: GPL-2.0-only
/* What several of our text formats have in common. */
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "print.h"

/* As in /proc/mounts; the backslash, too, so that it can be undone. */
void urt_print_comm(struct seq_file *m, const char *comm)
{
	static const char special[] =
		"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017"
		"\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036"
		"\037\040\177\\";
	char escaped[TASK_COMM_LEN * 4];
	int len;

	len = string_escape_mem(comm, strlen(comm), escaped, sizeof(escaped),
				ESCAPE_OCTAL, special);
	seq_write(m, escaped, len);
}
