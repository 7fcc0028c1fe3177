// SPDX-License-Identifier: MIT
#include "tally.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

void tally_init(struct tally *tally, bool each)
{
	*tally = (struct tally){ .each = each };
}

static void free_nothing(void *node)
{
	(void)node;
}

void tally_free(struct tally *tally)
{
	tdestroy(tally->index, free_nothing);
	while (tally->count) {
		free(tally->names[--tally->count]->comm);
		free(tally->names[tally->count]);
	}
	free(tally->names);
	free(tally->processes);
}

void tally_add(struct sum *to, const struct sum *sum)
{
	to->count += sum->count;
	to->running += sum->running;
	to->unreaped += sum->unreaped;
	to->utime_ns += sum->utime_ns;
	to->stime_ns += sum->stime_ns;
	if (sum->longest_ns > to->longest_ns)
		to->longest_ns = sum->longest_ns;
}

static int compare_comm(const void *a, const void *b)
{
	return strcmp(((const struct sum *)a)->comm,
		      ((const struct sum *)b)->comm);
}

static struct sum *new_name(struct tally *tally, const char *comm)
{
	struct sum *sum = memory_alloc(sizeof(*sum));

	sum->comm = memory_strdup(comm);
	tally->names = memory_room(tally->names, tally->count, &tally->size,
				   sizeof(struct sum *));
	tally->names[tally->count++] = sum;
	return sum;
}

static struct sum *find_name(struct tally *tally, const char *comm)
{
	struct sum key = { .comm = (char *)comm }, *sum;
	struct sum **node = tfind(&key, &tally->index, compare_comm);

	if (node)
		return *node;
	sum = new_name(tally, comm);
	if (!tsearch(sum, &tally->index, compare_comm))
		memory_exhausted();
	return sum;
}

static void count(struct tally *tally, const struct sum *sum,
		  const struct tally_process *process)
{
	struct sum *name = find_name(tally, process->comm);

	tally_add(name, sum);
	tally_add(&tally->total, sum);
	if (process->start_ns + process->runtime_ns > tally->end_ns)
		tally->end_ns = process->start_ns + process->runtime_ns;
	if (!tally->each)
		return;
	tally->processes = memory_room(tally->processes, tally->processes_count,
				       &tally->processes_size,
				       sizeof(*tally->processes));
	tally->processes[tally->processes_count] = *process;
	tally->processes[tally->processes_count++].comm = name->comm;
}

void tally_record(struct tally *tally, const struct urt_record *record)
{
	struct sum sum = {
		.count = record->count,
		.utime_ns = record->utime_ns,
		.stime_ns = record->stime_ns,
	};

	switch (record->type) {
	case URT_EXIT:
		sum.longest_ns = record->runtime_ns;
		count(tally, &sum, &(struct tally_process){
			.comm = record->comm,
			.utime_ns = record->utime_ns,
			.stime_ns = record->stime_ns,
			.start_ns = record->start_ns,
			.runtime_ns = record->runtime_ns,
			.pid = record->pid,
			.ppid = record->ppid,
			.status = record->status,
		});
		break;
	case URT_LOST:
		tally_add(&tally->lost, &sum);
		tally_add(&tally->total, &sum);
		break;
	case URT_MISSED:
		tally->missed += record->count;
		break;
	}
}

void tally_living(struct tally *tally, const struct urt_process *process,
		  uint64_t time_ns, bool unreaped)
{
	uint64_t runtime = time_ns > process->start_ns ?
			   time_ns - process->start_ns : 0;

	count(tally, &(struct sum){
		.count = 1,
		.running = !unreaped,
		.unreaped = unreaped,
		.utime_ns = process->utime_ns,
		.stime_ns = process->stime_ns,
		.longest_ns = runtime,
	}, &(struct tally_process){
		.comm = process->comm,
		.utime_ns = process->utime_ns,
		.stime_ns = process->stime_ns,
		.start_ns = process->start_ns,
		.runtime_ns = runtime,
		.pid = process->pid,
		.ppid = process->ppid,
		.status = -1,
		.running = !unreaped,
		.unreaped = unreaped,
	});
}

/* --- order --- */

static int by_cpu(const void *a, const void *b)
{
	const struct sum *x = *(struct sum *const *)a;
	const struct sum *y = *(struct sum *const *)b;

	if (sum_cpu(x) != sum_cpu(y))
		return sum_cpu(x) < sum_cpu(y) ? 1 : -1;
	return strcmp(x->comm, y->comm);
}

static int by_start(const void *a, const void *b)
{
	const struct tally_process *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

void tally_sort(struct tally *tally)
{
	if (tally->count)
		qsort(tally->names, tally->count, sizeof(struct sum *), by_cpu);
	if (tally->processes_count)
		qsort(tally->processes, tally->processes_count,
		      sizeof(*tally->processes), by_start);
}
