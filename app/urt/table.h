/* SPDX-License-Identifier: MIT */
/*
 * A table that is printed as text for people, as CSV, or put into JSON. Times
 * are whole nanoseconds in the latter two, so that sums are exact.
 */
#ifndef TABLE_H
#define TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum column_type {
	COLUMN_TEXT,	/* left-aligned */
	COLUMN_WORD,	/* right-aligned */
	COLUMN_COUNT,
	COLUMN_SECONDS,	/* of nanoseconds */
	COLUMN_PERCENT,	/* of hundredths of a percent */
};

struct column {
	const char *key;	/* in CSV and JSON; NULL: only in text */
	const char *heading;	/* in text; NULL: not there */
	enum column_type type;
	size_t width;		/* in text, at least */
};

struct table;

struct table *table_new(const struct column *columns, size_t count);
void table_free(struct table *table);

/* What stands in a column of a row. */
struct cell {
	enum cell_kind { CELL_NONE, CELL_NUMBER, CELL_TEXT } kind;
	uint64_t number;
	const char *text;
};

static inline struct cell cell_number(uint64_t number)
{
	return (struct cell){ .kind = CELL_NUMBER, .number = number };
}

static inline struct cell cell_text(const char *text)
{
	return (struct cell){ .kind = CELL_TEXT, .text = text };
}

/* "-", nothing, null; what a row's initializer leaves out. */
static inline struct cell cell_none(void)
{
	return (struct cell){ .kind = CELL_NONE };
}

/* A cell for each column. Texts are copied. */
void table_row(struct table *table, const struct cell *cells);

size_t table_rows(const struct table *table);

/*
 * On a terminal, a row is a line: names are cut, and columns left out and named
 * below, where there is no room.
 */
void table_print(const struct table *table, FILE *file, bool colours);
/* The same in so many columns; 0: as many as it takes. */
void table_print_in(const struct table *table, FILE *file, bool colours,
		    size_t columns);
void table_csv(const struct table *table, FILE *file);
json_t *table_json(const struct table *table);	/* an array of objects */

/* Hundredths of a percent, 0 if whole is 0. */
uint64_t table_share(uint64_t part, uint64_t whole);

#endif
