/* SPDX-License-Identifier: MIT */
/* What the tests of the command urt share. */
#ifndef TEST_URT_COMMON_H
#define TEST_URT_COMMON_H

#include <jansson.h>

#include "lib.h"

/* What a shell command wrote, malloc'ed, and how it ended. */
struct said {
	int status;	/* exit status, or 128 + signal */
	char *out;
	char *err;
};

/* Runs it to its end. */
struct said shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void said_free(struct said *said);

/* How a command ends that prints nothing but this, on standard error. */
struct ending {
	const char *arguments;	/* of the last one: NULL */
	int status;
	const char *err;	/* is in what it says */
};
void expect_endings(const char *command, const struct ending *endings);

/* Runs it on a terminal of its own. Return: all that came there, malloc'ed. */
char *on_terminal(const char *command, int *status);

/* The test fails where there is no such thing. */
json_t *parse_json(const char *text);
uint64_t number(const json_t *object, const char *key);
const char *string(const json_t *object, const char *key);
json_t *rows(const json_t *report);
/* The first of the rows where a key has that value; NULL: there is none. */
json_t *row_with(const json_t *report, const char *key, const char *value);
json_t *row_of_pid(const json_t *report, pid_t pid);
/* That its rows sum up to its total. */
void expect_sum(const json_t *report);

#endif
