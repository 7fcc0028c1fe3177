/* SPDX-License-Identifier: MIT */
/* What Prometheus is told: the families of urt-exporter(8). */
#ifndef EXPORTER_METRICS_H
#define EXPORTER_METRICS_H

#include <stdbool.h>

#include "exporter/model.h"
#include "exporter/text.h"

/* Besides the model, what there is to tell. */
struct exporter_facts {
	bool up;
	const struct exporter_source *system;
	const struct exporter_source *own;	/* NULL: nothing is followed */
	size_t pids_max;	/* 0: not one by one */
	uint64_t now_ns;	/* CLOCK_BOOTTIME */
	uint64_t epoch_ns;	/* when that was 0, by the wall clock */
	uint64_t start_ns;	/* our own */
	uint64_t cpu_ns;
	uint64_t refresh_ns;	/* what the latest look took */
	const char *version;
	const char *module;	/* its version, or nothing */
};

void exporter_metrics_write(struct exporter_text *text,
			    const struct exporter_model *model,
			    const struct exporter_facts *facts);

#endif
