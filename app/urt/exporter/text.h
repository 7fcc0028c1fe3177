/* SPDX-License-Identifier: MIT */
/* The exposition format of Prometheus, version 0.0.4. */
#ifndef EXPORTER_TEXT_H
#define EXPORTER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define EXPORTER_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Memory that grows. The last owner frees at. */
struct exporter_text {
	char *at;
	size_t length;
	size_t size;
};

/* How a value is written: as it is, or nanoseconds as seconds. */
enum exporter_unit { NUMBER, SECONDS };

void exporter_text_put(struct exporter_text *text, const char *words);
void exporter_text_number(struct exporter_text *text, enum exporter_unit unit,
			  uint64_t value);

void exporter_text_family(struct exporter_text *text, const char *name,
			  const char *type, const char *help);
/* labels: with their braces, or NULL. */
void exporter_text_sample(struct exporter_text *text, const char *name,
			  const struct exporter_text *labels,
			  enum exporter_unit unit, uint64_t value);
/* A family of one sample without labels. */
void exporter_text_single(struct exporter_text *text, const char *name,
			  const char *type, enum exporter_unit unit,
			  uint64_t value, const char *help);

/* The longest name of a process, as the value of a label, in bytes. */
#define EXPORTER_NAME_MAX	63
#define EXPORTER_LABEL_SIZE	(5 * EXPORTER_NAME_MAX + 1)
const char *exporter_text_label(char buffer[EXPORTER_LABEL_SIZE],
				const char *comm);

#endif
