// SPDX-License-Identifier: MIT
/* The system registry, read from its file. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define STAT_SIZE 65536		/* at first */

static int grow(struct urt *u)
{
	size_t size = u->stat_size ? u->stat_size * 2 : STAT_SIZE;
	char *text = realloc(u->stat, size);

	if (!text)
		return -1;
	u->stat = text;
	u->stat_size = size;
	return 0;
}

/* Return: the length of the text, -1 with errno. */
static ssize_t read_all(struct urt *u)
{
	size_t length = 0;
	ssize_t n;

	for (;;) {
		if (length == u->stat_size && grow(u))
			return -1;
		/*
		 * A read at offset 0 takes a snapshot. Later reads continue it.
		 */
		n = pread(u->fd, u->stat + length, u->stat_size - length,
			  length);
		if (n < 0)
			return -1;
		if (!n)
			return length;
		length += n;
	}
}

int urt_system_snapshot(struct urt *u, struct urt_snapshot *snapshot)
{
	ssize_t length = read_all(u);

	if (length < 0)
		return -1;
	return urt_parse_stat(u->stat, length, snapshot);
}
