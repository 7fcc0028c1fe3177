// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "exporter_world.h"

void number(uint64_t seen, uint64_t want, const char *claim)
{
	char text[80];

	snprintf(text, sizeof(text), "want %llu, saw %llu",
		 (unsigned long long)want, (unsigned long long)seen);
	tap(seen == want, claim, text);
}

struct exporter_model model;
struct exporter_source registry, session;
struct urt_process rows[ROWS_MAX];
struct urt_snapshot snapshot;

void begin(size_t names_max)
{
	exporter_model_init(&model, names_max);
	registry = (struct exporter_source){ .since_ns = 10 * SEC };
	session = (struct exporter_source){
		.records = true, .since_ns = 10 * SEC,
	};
	snapshot = (struct urt_snapshot){
		.time_ns = 10 * SEC, .interval_ms = 1000, .processes = rows,
	};
}

struct urt_process *row(pid_t pid, uint64_t start_ns, const char *comm)
{
	struct urt_process *p = &rows[snapshot.count++];

	*p = (struct urt_process){
		.pid = pid, .start_ns = start_ns, .state = 'S', .threads = 1,
	};
	snprintf(p->comm, sizeof(p->comm), "%s", comm);
	return p;
}

void look(struct exporter_source *source)
{
	snapshot.generation++;
	snapshot.time_ns += SEC;
	snapshot.registered = snapshot.count;
	exporter_model_begin(&model);
	exporter_model_snapshot(&model, source, &snapshot, snapshot.time_ns);
	exporter_model_end(&model);
}

void look_again(struct exporter_source *source, uint64_t utime_ns,
		       uint64_t stime_ns)
{
	rows[0].utime_ns = utime_ns;
	rows[0].stime_ns = stime_ns;
	look(source);
}

void record(pid_t pid, uint64_t start_ns, uint64_t utime_ns,
		   uint64_t stime_ns, const char *comm)
{
	struct urt_record r = {
		.type = URT_EXIT, .count = 1, .pid = pid, .start_ns = start_ns,
		.utime_ns = utime_ns, .stime_ns = stime_ns,
	};

	snprintf(r.comm, sizeof(r.comm), "%s", comm);
	exporter_model_record(&model, &session, &r);
}

const struct exporter_group *group(const char *comm)
{
	static const struct exporter_group none;
	size_t i;

	for (i = 0; i < model.groups_count; i++) {
		if (!strcmp(model.groups[i]->comm, comm))
			return model.groups[i];
	}
	return &none;
}

uint64_t used(const char *comm)
{
	return group(comm)->utime_ns + group(comm)->stime_ns;
}
