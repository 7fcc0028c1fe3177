// SPDX-License-Identifier: MIT
#include "parse.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool parse_number(const char *text, unsigned long max, unsigned long *value)
{
	/*
	 * Only digits count. Too many of them give ULONG_MAX, which is too
	 * large.
	 */
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	errno = 0;
	*value = strtoul(text, NULL, 10);
	return !errno && *value >= 1 && *value <= max;
}

bool parse_pid(const char *text, pid_t *pid)
{
	unsigned long value;

	if (!parse_number(text, INT_MAX, &value))
		return false;
	*pid = (pid_t)value;
	return true;
}

bool parse_timeout(const char *text, unsigned int *ms)
{
	double value;
	char *end;

	/* strtod() alone would accept blanks, signs, hex, "inf" and "nan". */
	if (!*text || text[strspn(text, "0123456789.")])
		return false;
	value = strtod(text, &end);
	if (*end || !(value <= 0 || value >= 0.001) || value > UINT_MAX / 1000)
		return false;
	*ms = (unsigned int)(value * 1000 + 0.5);
	return true;
}

bool parse_seconds(const char *text, unsigned int *ms)
{
	return parse_timeout(text, ms) && *ms;
}
