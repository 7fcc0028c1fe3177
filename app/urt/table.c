// SPDX-License-Identifier: MIT
#include "table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "memory.h"

struct table {
	const struct column *columns;
	size_t width;		/* columns */
	struct cell *cells;
	size_t count;
	size_t size;
};

struct table *table_new(const struct column *columns, size_t count)
{
	struct table *table = memory_alloc(sizeof(*table));

	table->columns = columns;
	table->width = count;
	return table;
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		free((char *)table->cells[i].text);
	free(table->cells);
	free(table);
}

void table_row(struct table *table, const struct cell *cells)
{
	size_t i;

	if (table->count + table->width > table->size) {
		table->size = 2 * table->size + 8 * table->width;
		table->cells = memory_realloc(table->cells, table->size,
					      sizeof(*table->cells));
	}
	for (i = 0; i < table->width; i++) {
		struct cell *cell = &table->cells[table->count++];

		*cell = cells[i];
		if (cell->kind == CELL_TEXT)
			cell->text = memory_strdup(cell->text);
	}
}

size_t table_rows(const struct table *table)
{
	return table->count / table->width;
}

static const struct column *column_of(const struct table *table, size_t i)
{
	return &table->columns[i % table->width];
}

/* --- text --- */

static const char *cell_string(const struct cell *cell, enum column_type type,
			       char buffer[STATUS_SIZE])
{
	if (cell->kind == CELL_TEXT)
		return cell->text;
	if (cell->kind == CELL_NONE)
		return "-";
	if (type == COLUMN_SECONDS)
		return format_seconds(buffer, cell->number);
	if (type == COLUMN_PERCENT)
		snprintf(buffer, STATUS_SIZE, "%" PRIu64 ".%" PRIu64,
			 (cell->number + 5) / 100, (cell->number + 5) / 10 % 10);
	else
		snprintf(buffer, STATUS_SIZE, "%" PRIu64, cell->number);
	return buffer;
}

/* The width of a column: the widest of its cells and its heading. */
static size_t measure(const struct table *table, size_t column)
{
	size_t widest = format_width(table->columns[column].heading), i;
	enum column_type type = table->columns[column].type;
	char buffer[STATUS_SIZE];

	for (i = column; i < table->count; i += table->width) {
		size_t width = format_width(cell_string(&table->cells[i],
							type, buffer));

		if (width > widest)
			widest = width;
	}
	return widest;
}

/* --- as wide as the terminal --- */

#define GAP		2	/* between columns */
#define NAME_LEAST	8	/* for it, others are left out */

/* The width of each column; 0 means that the column is left out. */
struct layout {
	size_t *widths;
	bool narrow;		/* some columns are left out */
};

static size_t sum_widths(const struct table *table, const struct layout *layout)
{
	size_t sum = 0, i;

	for (i = 0; i < table->width; i++)
		sum += layout->widths[i] ? layout->widths[i] + GAP : 0;
	return sum - GAP;
}

/* The last column of text, which is the name. */
static size_t name_column(const struct table *table)
{
	size_t i = table->width - 1;

	while (i && !table->columns[i].heading)
		i--;
	return i;
}

/* Columns that a narrow terminal leaves out, the first one first. */
static void leave_out(const struct table *table, struct layout *layout,
		      size_t columns)
{
	static const char *const spare[] = {
		"PPID", "UID", "thr", "start s", "longest s", "time", "share %",
		"S", "state", "status", "real s", "%sys", "%usr", "sys s",
		"user s", "%CPU", "count", "PID",
	};
	size_t i, j;

	for (i = 0; i < sizeof(spare) / sizeof(*spare); i++) {
		for (j = 0; j < name_column(table); j++) {
			if (sum_widths(table, layout) <= columns)
				return;
			if (!layout->widths[j] ||
			    strcmp(table->columns[j].heading, spare[i]))
				continue;
			layout->widths[j] = 0;
			layout->narrow = true;
		}
	}
}

/* The name takes the columns of the terminal that are left. */
static void fit(const struct table *table, struct layout *layout, size_t columns)
{
	size_t *name = &layout->widths[name_column(table)], wanted = *name, sum;

	if (*name > NAME_LEAST)
		*name = NAME_LEAST;
	leave_out(table, layout, columns);
	sum = sum_widths(table, layout) - *name;
	*name = columns > sum ? columns - sum : 1;
	if (*name > wanted)
		*name = wanted;
}

/* Lays out for so many columns of a terminal; 0: for as many as needed. */
static struct layout lay_out(const struct table *table, size_t columns)
{
	struct layout layout = {
		.widths = memory_alloc(table->width * sizeof(size_t)),
	};
	size_t i;

	assert(table->width);
	for (i = 0; i < table->width; i++) {
		if (table->columns[i].heading)
			layout.widths[i] = measure(table, i);
	}
	if (columns && sum_widths(table, &layout) > columns) {
		fit(table, &layout, columns);
		return layout;
	}
	/* If there is room, fixed widths make all tables look alike. */
	for (i = 0; i < table->width; i++) {
		size_t old = layout.widths[i];

		if (!old || old >= table->columns[i].width)
			continue;
		layout.widths[i] = table->columns[i].width;
		if (columns && sum_widths(table, &layout) > columns)
			layout.widths[i] = old;
	}
	return layout;
}

/* A text that is cut ends in a mark. A mark that the text has stays. */
static void print_clipped(const char *text, size_t width, FILE *file)
{
	size_t length = strlen(text);
	bool marked = width > 1 && text[length - 1] == '*';

	length = format_fit(text, width - 1 - marked);
	fprintf(file, "%.*s…%s", (int)length, text, marked ? "*" : "");
}

static void print_cell(const char *text, enum column_type type, size_t width,
		       bool first, bool last, FILE *file)
{
	size_t needed = format_width(text);
	int pad = needed < width ? (int)(width - needed) : 0;

	if (!first)
		fprintf(file, "%*s", GAP, "");
	if (needed > width)
		print_clipped(text, width, file);
	else if (type == COLUMN_TEXT)
		fprintf(file, "%s%*s", text, last ? 0 : pad, "");
	else
		fprintf(file, "%*s%s", pad, "", text);
}

/* Prints a row of cells, or the headings if cells is NULL. */
static void print_row(const struct table *table, const struct cell *cells,
		      const size_t *widths, FILE *file)
{
	char buffer[STATUS_SIZE];
	bool first = true;
	size_t i;

	for (i = 0; i < table->width; i++) {
		const struct column *column = &table->columns[i];

		if (!widths[i])
			continue;
		print_cell(cells ? cell_string(&cells[i], column->type, buffer) :
				   column->heading,
			   column->type, widths[i], first,
			   i == name_column(table), file);
		first = false;
	}
}

static void print_left_out(const struct table *table, const size_t *widths,
			   FILE *file)
{
	const char *comma = "no room for: ";
	size_t i;

	for (i = 0; i < table->width; i++) {
		if (widths[i] || !table->columns[i].heading)
			continue;
		fprintf(file, "%s%s", comma, table->columns[i].heading);
		comma = ", ";
	}
	fputc('\n', file);
}

void table_print_in(const struct table *table, FILE *file, bool colours,
		    size_t columns)
{
	struct layout layout = lay_out(table, columns);
	size_t i;

	fputs(colours ? "\033[1m" : "", file);
	print_row(table, NULL, layout.widths, file);
	fputs(colours ? "\033[0m\n" : "\n", file);
	for (i = 0; i + table->width <= table->count; i += table->width) {
		print_row(table, &table->cells[i], layout.widths, file);
		fputc('\n', file);
	}
	if (layout.narrow)
		print_left_out(table, layout.widths, file);
	free(layout.widths);
}

void table_print(const struct table *table, FILE *file, bool colours)
{
	table_print_in(table, file, colours, format_terminal(file));
}

/* --- CSV --- */

static void csv_text(const char *text, FILE *file)
{
	if (!text[strcspn(text, ",\"\n\r")]) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text; text++)
		fprintf(file, "%s%c", *text == '"' ? "\"" : "", *text);
	fputc('"', file);
}

static void csv_cell(const struct cell *cell, enum column_type type, FILE *file)
{
	if (cell->kind == CELL_TEXT)
		csv_text(cell->text, file);
	else if (cell->kind == CELL_NUMBER && type == COLUMN_PERCENT)
		fprintf(file, "%" PRIu64 ".%02" PRIu64, cell->number / 100,
			cell->number % 100);
	else if (cell->kind == CELL_NUMBER)
		fprintf(file, "%" PRIu64, cell->number);
}

void table_csv(const struct table *table, FILE *file)
{
	const char *comma = "";
	size_t i;

	assert(table->width);
	for (i = 0; i < table->width; i++) {
		if (!table->columns[i].key)
			continue;
		fprintf(file, "%s%s", comma, table->columns[i].key);
		comma = ",";
	}
	for (i = 0; i < table->count; i++) {
		if (i % table->width == 0) {
			fputc('\n', file);
			comma = "";
		}
		if (!column_of(table, i)->key)
			continue;
		fputs(comma, file);
		csv_cell(&table->cells[i], column_of(table, i)->type, file);
		comma = ",";
	}
	fputc('\n', file);
}

/* --- JSON --- */

static json_t *json_cell(const struct cell *cell, enum column_type type)
{
	if (cell->kind == CELL_TEXT)
		return json_string(cell->text);
	if (cell->kind == CELL_NONE)
		return json_null();
	if (type == COLUMN_PERCENT)
		return json_real((double)cell->number / 100);
	return json_integer((json_int_t)cell->number);
}

json_t *table_json(const struct table *table)
{
	json_t *rows = json_array(), *row = NULL;
	size_t i;

	for (i = 0; i < table->count; i++) {
		const struct column *column = column_of(table, i);

		if (i % table->width == 0) {
			row = json_object();
			json_array_append_new(rows, row);
		}
		if (column->key)
			json_object_set_new(row, column->key,
					    json_cell(&table->cells[i],
						      column->type));
	}
	return rows;
}

uint64_t table_share(uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((double)part / (double)whole * 10000 + 0.5) :
		       0;
}
