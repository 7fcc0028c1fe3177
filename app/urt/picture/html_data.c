// SPDX-License-Identifier: MIT
/*
 * Writes the processes of a run in few bytes, in a simple form. A number has
 * seven bits in each byte, lowest bits first. The eighth bit says that more
 * bytes follow. 100,000 processes take less than 3 MB.
 *
 * They stand in the order of the picture, each before its children:
 *
 *	depth, PID (as difference to the last one's), start (as difference to the
 *	parent's), wall time, user time, system time (all in ns), name, lane,
 *	2 * status + whether it is on the critical chain
 *
 * The PPID follows if the process has no parent in the picture. The status is
 * the one of wait(2) plus one, 0 if it is hidden, STATUS_RUNNING for a process
 * that still runs, STATUS_UNREAPED for a zombie. Differences may be negative:
 * their lowest bit is the sign.
 */
#include "picture/html.h"

#include "picture/base64.h"

#define STATUS_RUNNING	0xffff	/* no status of wait(2) */
#define STATUS_UNREAPED	0xfffe

static void put(struct base64 *base64, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		base64_put(base64, 0x80 | (number & 0x7f));
	base64_put(base64, (unsigned char)number);
}

static void put_difference(struct base64 *base64, uint64_t number,
			   uint64_t last)
{
	if (number >= last)
		put(base64, 2 * (number - last));
	else
		put(base64, 2 * (last - number) - 1);
}

static void put_bar(struct base64 *base64, const struct picture *picture,
		    const struct bar *bar)
{
	const struct bar *parent = bar->parent == NO_BAR ?
				   NULL : &picture->bars[bar->parent];
	const struct tally_process *process = bar->process;
	uint64_t status = process->running ? STATUS_RUNNING :
			  process->unreaped ? STATUS_UNREAPED :
					      (uint64_t)(process->status + 1);

	put(base64, bar->depth);
	put_difference(base64, (uint64_t)process->pid,
		       bar == picture->bars ? 0 :
					      (uint64_t)bar[-1].process->pid);
	put_difference(base64, bar->start_ns, parent ? parent->start_ns : 0);
	put(base64, process->runtime_ns);
	put(base64, process->utime_ns);
	put(base64, process->stime_ns);
	put(base64, bar->name);
	put(base64, bar->lane);
	put(base64, 2 * status + bar->chain);
	if (!parent)
		put(base64, (uint64_t)process->ppid);
}

void html_rows(const struct picture *picture, FILE *file)
{
	struct base64 base64 = { .file = file };
	size_t i;

	for (i = 0; i < picture->count; i++)
		put_bar(&base64, picture, &picture->bars[i]);
	base64_end(&base64);
}
