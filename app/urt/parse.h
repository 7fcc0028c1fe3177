/* SPDX-License-Identifier: MIT */
/* Numbers of the command line. */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A decimal number without other characters. Return: whether it is from 1 to
 * max.
 */
bool parse_number(const char *text, unsigned long max, unsigned long *value);
bool parse_pid(const char *text, pid_t *pid);
/* Seconds with a fraction, as whole milliseconds of at least 1. */
bool parse_seconds(const char *text, unsigned int *ms);
/* Accepts 0 as well. */
bool parse_timeout(const char *text, unsigned int *ms);

#endif
