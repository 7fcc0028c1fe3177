/* SPDX-License-Identifier: MIT */
/* The families of urt-exporter(8). */
#ifndef EXPORTER_METRICS_H
#define EXPORTER_METRICS_H

#include <stdbool.h>

#include "exporter/model.h"
#include "exporter/text.h"

/* Facts besides the model. */
struct exporter_facts {
	bool up;
	const struct exporter_source *system;
	const struct exporter_source *own;	/* NULL: follows none */
	size_t pids_max;	/* 0: no series of single processes */
	uint64_t now_ns;	/* CLOCK_BOOTTIME */
	uint64_t epoch_ns;	/* the moment of boot, by the wall clock */
	uint64_t start_ns;	/* start of the exporter */
	uint64_t cpu_ns;
	uint64_t refresh_ns;	/* what the latest look took */
	const char *version;
	const char *module;	/* its version, or "" */
};

void exporter_metrics_write(struct exporter_text *text,
			    const struct exporter_model *model,
			    const struct exporter_facts *facts);

#endif
