// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of the system calls of ../patches when the kernel itself uses them.
 * The module calls their exported functions when it is loaded, and prints a
 * table to the log. The figures are those of ../measure.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/syscalls.h>

#include "door.h"

static unsigned long long *samples;
static unsigned long long stamp_cost, loop_cost;

DOOR(nothing, "nothing")
{
}

DOOR(quiet, "in-kernel call, hello_quiet()")
{
	ksys_hello_quiet();
}

DOOR(self, "in-kernel call, get_process_runtime(0)")
{
	ksys_get_process_runtime(0);
}

DOOR(other, "in-kernel call, get_process_runtime(PID)")
{
	ksys_get_process_runtime(1);
}

DOOR(hello, "in-kernel call, hello(), beyond its ten lines")
{
	ksys_hello();
}

static const struct door *const doors[] = {
	&door_quiet, &door_self, &door_other, &door_hello,
};

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a;
	unsigned long long y = *(const unsigned long long *)b;

	return (x > y) - (x < y);
}

/* Leaves the samples sorted. */
static unsigned long long median(unsigned int count)
{
	sort(samples, count, sizeof(*samples), compare, NULL);
	return samples[count / 2];
}

static unsigned long long less(unsigned long long count, unsigned long long cost)
{
	return count > cost ? count - cost : 0;
}

static unsigned long long median_once(const struct door *door)
{
	int i;

	for (i = 0; i < DOOR_SAMPLES; i++)
		samples[i] = door->once();
	return median(DOOR_SAMPLES);
}

static unsigned long long median_loop(const struct door *door)
{
	unsigned long long begin;
	int i;

	for (i = 0; i < DOOR_BATCHES; i++) {
		begin = door_stamp();
		door->loop(DOOR_LOOP);
		samples[i] = door_stamp() - begin;
		cond_resched();
	}
	return median(DOOR_BATCHES);
}

static void measure(const struct door *door)
{
	unsigned long long once, least, loop;

	median_once(door);	/* costs of the first call only */
	once = less(median_once(door), stamp_cost);
	least = less(samples[0], stamp_cost);
	loop = less(median_loop(door), loop_cost) * 100 / DOOR_LOOP;
	pr_info("%10llu %10llu %7llu.%02llu  %s\n", least, once, loop / 100,
		loop % 100, door->name);
}

static int __init kernel_syscall_init(void)
{
	int i;

	samples = kvcalloc(DOOR_SAMPLES, sizeof(*samples), GFP_KERNEL);
	if (!samples)
		return -ENOMEM;
	stamp_cost = median_once(&door_nothing);
	loop_cost = median_loop(&door_nothing);
	pr_info("%10s %10s %10s\n", "minimum", "median", "per call");
	for (i = 0; i < ARRAY_SIZE(doors); i++)
		measure(doors[i]);
	kvfree(samples);
	return 0;
}

static void __exit kernel_syscall_exit(void)
{
}

module_init(kernel_syscall_init);
module_exit(kernel_syscall_exit);
MODULE_DESCRIPTION("What system calls cost without the way into the kernel");
MODULE_AUTHOR("The usertime developers");
MODULE_LICENSE("GPL");
