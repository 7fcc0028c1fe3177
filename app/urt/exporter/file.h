/* SPDX-License-Identifier: MIT */
/* DIR/urt.prom, for the textfile collector of Prometheus' node exporter. */
#ifndef EXPORTER_FILE_H
#define EXPORTER_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct exporter_file;

/* Allocates the state, and touches no file yet. */
struct exporter_file *exporter_file_open(const char *dir);
/* Removes the file, because its values would become wrong. NULL is allowed. */
void exporter_file_close(struct exporter_file *file);

/*
 * Replaces the file at once, also in a directory that was made again. A failure
 * is reported once. If another exporter writes there, that is a failure.
 * Return: success.
 */
bool exporter_file_write(struct exporter_file *file, const char *text,
			 size_t length);

#endif
