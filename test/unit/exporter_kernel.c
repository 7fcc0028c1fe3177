// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exporter/source.h"
#include "exporter_kernel.h"

#define BOOT_NS (100 * SEC)
#define SYSTEM_INTERVAL_NS SEC

struct urt {
	bool system;
};

struct life lives[LIVES_MAX];
unsigned int lives_count;
uint64_t kernel_ns;
bool kernel_deaf;
int kernel_refuses;

static struct urt session, registry = { .system = true };
static uint64_t grace_ns, interval_ns, system_generation, generation;
static uint64_t refresh_ns, refreshed_ns, system_refresh_ns, system_refreshed_ns;
static bool tree, any;		/* a process was ever registered */
static struct urt_process mapped[LIVES_MAX];
static size_t mapped_count, mapped_registered;

void kernel_begin(uint64_t grace, bool follows_tree)
{
	memset(lives, 0, sizeof(lives));
	lives_count = 0;
	kernel_ns = BOOT_NS;
	kernel_deaf = false;
	kernel_refuses = 0;
	grace_ns = grace;
	interval_ns = 5 * SEC;
	tree = follows_tree;
	any = false;
	generation = 0;
	system_generation = 0;
	refresh_ns = NEVER;
	system_refresh_ns = NEVER;
	mapped_count = 0;
	mapped_registered = 0;
}

struct life *kernel_life(uint64_t start_ns, uint64_t length_ns)
{
	struct life *life = &lives[lives_count++];

	*life = (struct life){
		.pid = (pid_t)(100 + lives_count),
		.start_ns = start_ns,
		.named_ns = start_ns,
		.exit_ns = start_ns + length_ns,
		.busy_ns = length_ns,
		.system_ns = NEVER,
	};
	return life;
}

uint64_t life_cpu(const struct life *life, uint64_t at_ns)
{
	uint64_t end = at_ns < life->exit_ns ? at_ns : life->exit_ns;
	uint64_t age = end > life->start_ns ? end - life->start_ns : 0;

	return age < life->busy_ns ? age : life->busy_ns;
}

static bool exists(const struct life *life)
{
	return kernel_ns >= life->start_ns && kernel_ns < life->exit_ns;
}

/* --- the session --- */

static struct urt_process process_of(const struct life *life, uint64_t seen_ns,
				     char state)
{
	struct urt_process p = {
		.pid = life->pid,
		.ppid = 1,
		.state = state,
		.threads = state == 'R',
		.utime_ns = life_cpu(life, seen_ns),
		.start_ns = life->start_ns,
	};

	snprintf(p.comm, sizeof(p.comm), "%s",
		 kernel_ns >= life->named_ns ? NAME : "sh");
	return p;
}

/* Whether it is registered and not yet final. */
static bool listed(const struct life *life)
{
	return life->registered && !life->recorded;
}

static void publish(void)
{
	unsigned int i;

	mapped_count = 0;
	for (i = 0; i < lives_count; i++) {
		if (listed(&lives[i]))
			mapped[mapped_count++] = process_of(&lives[i],
							    lives[i].seen_ns,
							    'R');
	}
	mapped_registered = mapped_count;
}

static void add(struct life *life)
{
	if (life->registered)
		return;
	life->registered = true;
	life->seen_ns = kernel_ns;
	if (refresh_ns == NEVER)
		refresh_ns = kernel_ns + interval_ns;
	any = true;
}

static void refresh(void)
{
	unsigned int i, left = 0;

	for (i = 0; i < lives_count; i++) {
		if (!listed(&lives[i]))
			continue;
		/*
		 * A released process that is not final is as the last refresh
		 * saw it.
		 */
		if (kernel_ns < lives[i].exit_ns)
			lives[i].seen_ns = kernel_ns;
		left++;
	}
	generation++;
	refreshed_ns = kernel_ns;
	publish();
	refresh_ns = left ? kernel_ns + interval_ns : NEVER;
}

/* --- the system registry --- */

static void system_refresh(void)
{
	unsigned int i, left = 0;

	for (i = 0; i < lives_count; i++) {
		struct life *life = &lives[i];

		if (!life->system)
			continue;
		if (kernel_ns < life->exit_ns)
			life->system_seen_ns = kernel_ns;
		else if (kernel_ns >= life->exit_ns + grace_ns)
			life->final++;
		if (life->final > 1)
			life->system = false;
		left += life->system;
	}
	system_generation++;
	system_refreshed_ns = kernel_ns;
	system_refresh_ns = left ? kernel_ns + SYSTEM_INTERVAL_NS : NEVER;
}

static void system_add(struct life *life)
{
	life->system = true;
	life->system_seen_ns = kernel_ns;
	life->system_ns = NEVER;
	if (system_refresh_ns == NEVER)
		system_refresh_ns = kernel_ns + SYSTEM_INTERVAL_NS;
}

/* --- time --- */

static uint64_t next_event(uint64_t until_ns)
{
	uint64_t next = until_ns;
	unsigned int i;

	for (i = 0; i < lives_count; i++) {
		const struct life *life = &lives[i];
		uint64_t final = life->exit_ns + grace_ns;

		if (life->tree && tree && !life->registered &&
		    life->start_ns < next)
			next = life->start_ns;
		if (listed(life) && final < next)
			next = final;
		if (life->system_ns < next)
			next = life->system_ns;
	}
	if (refresh_ns < next)
		next = refresh_ns;
	if (system_refresh_ns < next)
		next = system_refresh_ns;
	return next < kernel_ns ? kernel_ns : next;
}

static void happen(void)
{
	unsigned int i;

	for (i = 0; i < lives_count; i++) {
		struct life *life = &lives[i];

		if (life->tree && tree && kernel_ns >= life->start_ns)
			add(life);
		if (listed(life) && kernel_ns >= life->exit_ns + grace_ns)
			life->recorded = true;
		if (kernel_ns >= life->system_ns)
			system_add(life);
	}
	if (kernel_ns >= refresh_ns)
		refresh();
	if (kernel_ns >= system_refresh_ns)
		system_refresh();
}

void kernel_run(uint64_t until_ns)
{
	do {
		kernel_ns = next_event(until_ns);
		happen();
	} while (kernel_ns < until_ns);
}

/* --- functions that exporter/source.c calls --- */

/* The linker's option --wrap calls it so. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)(kernel_ns / SEC);
	ts->tv_nsec = (long)(kernel_ns % SEC);
	return 0;
}

/* Each call takes a moment, in which events may happen. */
static void moment(void)
{
	kernel_run(kernel_ns + 100000);
}

struct urt *urt_open(void)
{
	return &session;
}

struct urt *urt_open_system(void)
{
	errno = EMFILE;
	return kernel_deaf ? NULL : &registry;
}

void urt_close(struct urt *u)
{
	(void)u;
}

int urt_set_interval(struct urt *u, unsigned int ms)
{
	(void)u;
	interval_ns = ms * MS;
	return 0;
}

int urt_map(struct urt *u, size_t capacity)
{
	(void)capacity;
	return urt_map_update(u);
}

int urt_map_update(struct urt *u)
{
	(void)u;
	moment();
	publish();
	return 0;
}

/* A caller's snapshots of a session, and of the system registry. */
static struct urt_process shown[2][LIVES_MAX];

static void system_snapshot(struct urt_snapshot *snapshot)
{
	unsigned int i;

	*snapshot = (struct urt_snapshot){
		.generation = system_generation,
		.time_ns = system_refreshed_ns,
		.interval_ms = SYSTEM_INTERVAL_NS / MS,
		.processes = shown[true],
	};
	for (i = 0; i < lives_count; i++) {
		const struct life *life = &lives[i];

		if (life->system)
			shown[true][snapshot->count++] =
				process_of(life, life->final ? life->exit_ns :
					   life->system_seen_ns,
					   life->final ? 'X' : 'R');
	}
	snapshot->registered = snapshot->count;
}

int urt_snapshot(struct urt *u, struct urt_snapshot *snapshot)
{
	moment();
	if (kernel_deaf) {
		errno = ENOMEM;
		return -1;
	}
	snapshot->processes = shown[u->system];
	if (u->system) {
		system_snapshot(snapshot);
		return 0;
	}
	memcpy(snapshot->processes, mapped, mapped_count * sizeof(*mapped));
	snapshot->count = mapped_count;
	snapshot->registered = mapped_registered;
	snapshot->generation = generation;
	snapshot->time_ns = refreshed_ns;
	snapshot->interval_ms = (unsigned int)(interval_ns / MS);
	return 0;
}

void urt_snapshot_free(struct urt_snapshot *snapshot)
{
	*snapshot = (struct urt_snapshot){ 0 };
}

int urt_next(struct urt *u, struct urt_record *record, int timeout_ms)
{
	bool left = false;
	unsigned int i;

	(void)u;
	(void)timeout_ms;
	moment();
	for (i = 0; i < lives_count; i++) {
		struct life *life = &lives[i];

		left |= listed(life);
		if (!life->recorded || life->taken)
			continue;
		life->taken = true;
		*record = (struct urt_record){
			.type = URT_EXIT, .count = 1, .pid = life->pid,
			.utime_ns = life_cpu(life, NEVER),
			.start_ns = life->start_ns,
			.runtime_ns = life->exit_ns - life->start_ns,
		};
		snprintf(record->comm, sizeof(record->comm), "%s",
			 life->exit_ns >= life->named_ns ? NAME : "sh");
		return 1;
	}
	errno = ETIMEDOUT;
	return left || !any ? -1 : 0;
}

const char *urt_strerror(int err)
{
	return strerror(err);
}

/* --- replacements for select.c --- */

void select_free(struct selection *selection)
{
	free(selection->items);
}

bool select_register(struct selection *selection, struct urt *u,
		     bool *added)
{
	unsigned int i;
	size_t s;

	(void)u;
	(void)added;
	moment();
	for (s = 0; s < selection->count; s++) {
		for (i = 0; i < lives_count; i++) {
			if (lives[i].pid == selection->items[s].pid &&
			    exists(&lives[i]))
				add(&lives[i]);
		}
	}
	return true;
}

int select_names(struct selection *selection, struct urt *u,
		 uint64_t *failed)
{
	unsigned int i;

	(void)u;
	*failed = 0;
	if (!selection->count)
		return 0;
	*failed = kernel_refuses != 0;
	for (i = 0; i < lives_count; i++) {
		moment();
		if (exists(&lives[i]) && kernel_ns >= lives[i].named_ns &&
		    kernel_ns >= lives[i].refused_ns)
			add(&lives[i]);
	}
	return kernel_refuses;
}
