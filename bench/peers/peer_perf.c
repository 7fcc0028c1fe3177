// SPDX-License-Identifier: MIT
/* A descriptor of perf for each thread. It counts CPU time, without a split. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../guest/base.h"
#include "peers.h"

static int *fds;
static int nr_fds;

static int open_event(pid_t id)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};

	return syscall(SYS_perf_event_open, &attr, id, -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

static const char *perf_open(const pid_t *ids, int count)
{
	int fd = open_event(ids[0]);

	if (fd < 0 && (errno == ENOSYS || errno == ENOENT))
		return "the kernel has no perf events";
	must(fd >= 0);
	fds = calloc(count, sizeof(*fds));
	must(fds);
	fds[0] = fd;
	nr_fds = count;
	for (int i = 1; i < count; i++) {
		fds[i] = open_event(ids[i]);
		must(fds[i] >= 0);
	}
	return NULL;
}

static uint64_t perf_sample(void)
{
	uint64_t sum = 0, time;

	for (int i = 0; i < nr_fds; i++) {
		must(read(fds[i], &time, sizeof(time)) == sizeof(time));
		sum += time;
	}
	return sum;
}

static void perf_close(void)
{
	for (int i = 0; i < nr_fds; i++)
		close(fds[i]);
	free(fds);
}

const struct peer peer_perf = {
	.name = "perf",
	.row = "perf task-clock",
	.by_thread = true,
	.open = perf_open,
	.sample = perf_sample,
	.close = perf_close,
};
