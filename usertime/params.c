// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's parameters. Each has one macro below, and a variable in the file
 * that it is about. The module checks bounds at load and when root writes.
 */
#include "params.h"

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "opener.h"
#include "pace.h"
#include "procfs.h"
#include "quota.h"
#include "record.h"
#include "registry.h"
#include "sample.h"

struct bounded {
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static int parse_bounded(const char *val, const struct bounded *p,
			 unsigned int *number)
{
	if (kstrtouint(val, 0, number) || *number < p->min || *number > p->max)
		return -EINVAL;
	return 0;
}

static int bounded_set(const char *val, const struct kernel_param *kp)
{
	const struct bounded *p = kp->arg;

	return parse_bounded(val, p, p->value);
}

static int bounded_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%u\n", *((const struct bounded *)kp->arg)->value);
}

static const struct kernel_param_ops bounded_ops = {
	.set = bounded_set,
	.get = bounded_get,
};

/* 0 is outside of the bounds, and means "none". */
static int optional_set(const char *val, const struct kernel_param *kp)
{
	const struct bounded *p = kp->arg;
	unsigned int number;

	if (kstrtouint(val, 0, &number) || number)
		return bounded_set(val, kp);
	*p->value = 0;
	return 0;
}

static const struct kernel_param_ops optional_ops = {
	.set = optional_set,
	.get = bounded_get,
};

static unsigned int interval_ms = URT_INTERVAL_MS;
static struct urt_registry *interval_registry;	/* kernel_param_lock */

/* At load there is no registry yet that could take the interval. */
static int interval_set(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int err;

	err = parse_bounded(val, kp->arg, &ms);
	if (err)
		return err;
	interval_ms = ms;
	if (interval_registry)
		urt_registry_set_interval(interval_registry, ms);
	return 0;
}

static const struct kernel_param_ops interval_ops = {
	.set = interval_set,
	.get = bounded_get,
};

/* A mode is octal, with or without a leading 0. */
static int mode_set(const char *val, const struct kernel_param *kp)
{
	unsigned int mode;

	/* If the mode were 0, procfs would choose a mode of its own. */
	if (kstrtouint(val, 8, &mode) || !mode || mode & ~0666)
		return -EINVAL;
	urt_status_mode = mode;
	return 0;
}

static int mode_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%#o\n", urt_status_mode);
}

static const struct kernel_param_ops mode_ops = {
	.set = mode_set,
	.get = mode_get,
};

#define BOUNDED_PARAM(name, ops, variable, min, max, mode, text)	\
	static const struct bounded name##_bounds = { &(variable), min, max }; \
	module_param_cb(name, ops, (void *)&name##_bounds, mode);	\
	MODULE_INFO(parmtype, #name ":uint");				\
	MODULE_INFO(parm, #name ":" text)

BOUNDED_PARAM(interval_ms, &interval_ops, interval_ms,
	      URT_INTERVAL_MS_MIN, URT_INTERVAL_MS_MAX, 0644,
	      "milliseconds between two refreshes (default 5000, 10 to 3600000)");
BOUNDED_PARAM(max_processes, &bounded_ops, urt_max_processes, 1, 4194304, 0444,
	      "registrations in all (default 65536, 1 to 4194304)");
BOUNDED_PARAM(max_per_user, &bounded_ops, urt_max_per_user, 1, 4194304, 0444,
	      "registrations per user; CAP_SYS_RESOURCE is exempt (default 1024, 1 to 4194304)");
BOUNDED_PARAM(max_sessions, &bounded_ops, urt_max_sessions, 1, 65536, 0444,
	      "open sessions per user; CAP_SYS_RESOURCE is exempt (default 64, 1 to 65536)");
BOUNDED_PARAM(max_records, &bounded_ops, urt_max_records, 1, 4194304, 0444,
	      "exit records waiting per session (default 4096, 1 to 4194304)");
BOUNDED_PARAM(precise_min_us, &optional_ops, urt_precise_min_us,
	      URT_PRECISE_US_MIN, URT_PRECISE_US_MAX, 0444,
	      "microseconds, the shortest period of samples; 0: no samples (default 20, 0 or 20 to 1000)");
BOUNDED_PARAM(precise_us, &optional_ops, urt_precise_us,
	      URT_PRECISE_US_MIN, URT_PRECISE_US_MAX, 0444,
	      "microseconds between samples of what is registered in status; 0: none (default 0, 0 or 20 to 1000)");
BOUNDED_PARAM(restrict, &bounded_ops, urt_restrict, 0, 1, 0444,
	      "1: without CAP_SYS_PTRACE see and register only your own processes (default 0)");

module_param_cb(status_mode, &mode_ops, NULL, 0444);
__MODULE_PARM_TYPE(status_mode, "uint");
MODULE_PARM_DESC(status_mode,
		 "mode of /proc/urt/status, octal, of bits 0666 (default 0666)");

/**
 * urt_params_attach() - name the registry that interval_ms is for
 * @reg: ready for use; gets the interval that was asked for until now
 *
 * Context: Process. Takes kernel_param_lock, and @reg->lock inside.
 */
void urt_params_attach(struct urt_registry *reg)
{
	kernel_param_lock(THIS_MODULE);
	interval_registry = reg;
	urt_registry_set_interval(reg, interval_ms);
	kernel_param_unlock(THIS_MODULE);
}
