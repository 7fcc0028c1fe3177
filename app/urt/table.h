/* SPDX-License-Identifier: MIT */
/*
 * A table, as text for people, as CSV, or as JSON. In CSV and JSON, times are
 * whole nanoseconds, so that sums are exact.
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
	const char *heading;	/* in text; NULL: no such column */
	enum column_type type;
	size_t width;		/* in text, at least */
};

struct table;

struct table *table_new(const struct column *columns, size_t count);
void table_free(struct table *table);

/* The value of a column in a row. */
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

/*
 * Prints as "-", nothing or null. An initializer leaves it for missing cells.
 */
static inline struct cell cell_none(void)
{
	return (struct cell){ .kind = CELL_NONE };
}

/* Adds a row with a cell for each column. Texts are copied. */
void table_row(struct table *table, const struct cell *cells);

size_t table_rows(const struct table *table);

/*
 * On a terminal, a row takes one line. If there is no room, names are cut, and
 * columns are left out and listed below the table.
 */
void table_print(const struct table *table, FILE *file, bool colours);
/* Prints for so many columns of a terminal; 0: for as many as needed. */
void table_print_in(const struct table *table, FILE *file, bool colours,
		    size_t columns);
void table_csv(const struct table *table, FILE *file);
json_t *table_json(const struct table *table);	/* an array of objects */

/* Hundredths of a percent; 0 if whole is 0. */
uint64_t table_share(uint64_t part, uint64_t whole);

#endif
