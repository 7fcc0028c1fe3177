// SPDX-License-Identifier: MIT
/* CPUs and the module are removed and added again. */
#include "races.h"

/* --- CPUs --- */

static void hotplug_step(void)
{
	unsigned int cpu = 1 + rnd(race->cpus - 1);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd >= 0);
	allow(put(fd, "0"), EBUSY);
	pause_ms(rnd(rnd(4) ? 20 : 1000));
	allow(put(fd, "1"), EBUSY);
	close(fd);
	did(OP_hotplugs);
	pause_ms(rnd(500));
}

ACTOR(hotplug, .step = hotplug_step, .count = 1, .restless = true);

/* --- the module --- */

/* Another process may load it, or may have loaded it. */
static void load_with(const char *params)
{
	int err = load(params);

	allow(-err, EEXIST, EBUSY);
	if (!err)
		did(OP_loads);
}

static void load_somehow(void)
{
	char params[200];

	snprintf(params, sizeof(params),
		 "interval_ms=%u max_per_user=%u max_records=%u "
		 "max_processes=%u max_sessions=%u restrict=%u",
		 10 + rnd(500), rnd(2) ? 1024 : 1 + rnd(200),
		 rnd(2) ? 4096 : 1 + rnd(50), rnd(3) ? 65536 : 50 + rnd(300),
		 rnd(2) ? 64 : 1 + rnd(6), !rnd(4));
	load_with(params);
}

/* Return: whether the module is gone. */
static bool try_unload(void)
{
	int err = unload();

	allow(-err, EAGAIN, EBUSY);
	if (!err)
		did(OP_unloads);
	return !err;
}

/* Actors close their files and stop, except restless ones. */
static void unload_soon(void)
{
	uint64_t until = now_ns() + HANG_S * SEC;

	race->quiet = true;
	while (!race->stop && !try_unload()) {
		expect(now_ns() < until, "in use for %d s", HANG_S);
		usleep(2000);
	}
}

static void module_step(void)
{
	pause_ms(rnd(8000));
	if (rnd(4))
		unload_soon();
	else if (!try_unload())
		return;
	if (rnd(2))
		pause_ms(rnd(300));
	load_somehow();
	race->quiet = false;
}

ACTOR(module, .step = module_step, .count = 1, .restless = true);

static void rival_step(void)
{
	pause_ms(rnd(1000));
	load_with("interval_ms=100");
}

ACTOR(rival, .step = rival_step, .count = 1, .restless = true);
