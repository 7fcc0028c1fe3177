/* SPDX-License-Identifier: MIT */
/* Helpers of the tests of urt. */
#ifndef TEST_URT_COMMON_H
#define TEST_URT_COMMON_H

#include <jansson.h>

#include "lib.h"

/* The output of a shell command, malloc'ed, and its status. */
struct said {
	int status;	/* exit status, or 128 + signal */
	char *out;
	char *err;
};

/* Runs the command to its end. */
struct said shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void said_free(struct said *said);

/* The end of a command that prints only this, on standard error. */
struct ending {
	const char *arguments;	/* of the last one: NULL */
	int status;
	const char *err;	/* part of its message */
};
void expect_endings(const char *command, const struct ending *endings);

/* Runs it on a terminal of its own. Return: all output, malloc'ed. */
char *on_terminal(const char *command, int *status);

/* The test fails if the text is not JSON. */
json_t *parse_json(const char *text);
uint64_t number(const json_t *object, const char *key);
const char *string(const json_t *object, const char *key);
json_t *rows(const json_t *report);
/* The first row whose key has that value; NULL: there is none. */
json_t *row_with(const json_t *report, const char *key, const char *value);
json_t *row_of_pid(const json_t *report, pid_t pid);
/* Expects that the rows sum up to the total. */
void expect_sum(const json_t *report);

#endif
