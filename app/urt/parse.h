/* SPDX-License-Identifier: MIT */
/* Numbers as they are on the command line. */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <sys/types.h>

/* A whole number in decimal, nothing else. Return: whether it is from 1 to max. */
bool parse_number(const char *text, unsigned long max, unsigned long *value);
bool parse_pid(const char *text, pid_t *pid);
/* Seconds with a fraction, as whole milliseconds from 1 on. */
bool parse_seconds(const char *text, unsigned int *ms);
/* The same, or 0. */
bool parse_timeout(const char *text, unsigned int *ms);

#endif
