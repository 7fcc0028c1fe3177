/* SPDX-License-Identifier: MIT */
/*
 * Made-up processes, and the snapshots that show them to the exporter's model.
 */
#ifndef EXPORTER_WORLD_H
#define EXPORTER_WORLD_H

#include <stdbool.h>

#include "exporter/model.h"
#include "tap.h"

#define SEC 1000000000ULL
#define ROWS_MAX 64

/* --- claims --- */

void number(uint64_t seen, uint64_t want, const char *claim);

/* --- the world --- */

extern struct exporter_model model;
extern struct exporter_source registry, session;
extern struct urt_process rows[ROWS_MAX];
extern struct urt_snapshot snapshot;

/* Ten seconds after boot, without processes. */
void begin(size_t names_max);
struct urt_process *row(pid_t pid, uint64_t start_ns, const char *comm);

/*
 * Shows rows as one registry a second later. The other registry shows nothing.
 */
void look(struct exporter_source *source);
void look_again(struct exporter_source *source, uint64_t utime_ns,
		uint64_t stime_ns);	/* of the first row */
void record(pid_t pid, uint64_t start_ns, uint64_t utime_ns, uint64_t stime_ns,
	    const char *comm);

/* --- the model's values of a name --- */

const struct exporter_group *group(const char *comm);
uint64_t used(const char *comm);

#endif
