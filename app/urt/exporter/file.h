/* SPDX-License-Identifier: MIT */
/* DIR/urt.prom, for the textfile collector of Prometheus' node exporter. */
#ifndef EXPORTER_FILE_H
#define EXPORTER_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct exporter_file;

/* Touches nothing yet. */
struct exporter_file *exporter_file_open(const char *dir);
/* Removes the file: nobody keeps it true any more. NULL is allowed. */
void exporter_file_close(struct exporter_file *file);

/*
 * Replaces it at once, also in a directory that has been made again. A failure
 * is said, once, as when another exporter writes there. Return: success.
 */
bool exporter_file_write(struct exporter_file *file, const char *text,
			 size_t length);

#endif
