// SPDX-License-Identifier: MIT
/* Error texts that say what to do. */
#include "internal.h"

#include <errno.h>
#include <string.h>

static const struct {
	int err;
	const char *text;
} messages[] = {
	{ ENOENT, "the usertime module is not loaded (sudo modprobe usertime), "
		  "/proc does not show it, or the process is not registered" },
	{ ENODEV, "the usertime module is being unloaded: load it again" },
	{ ESRCH, "there is no such process, or it has ended" },
	{ EPERM, "it is another user's process, and you lack the right to it" },
	{ EACCES, "you may not open or write that file of /proc/urt: see the "
		  "module's parameter status_mode" },
	{ EROFS, "/proc is mounted read-only: registering processes takes one "
		 "that can be written" },
	{ EDQUOT, "your quota is used up: end sessions or remove processes, or "
		  "have the module's max_per_user or max_sessions raised" },
	{ ENOSPC, "as many processes are registered as the module's "
		  "max_processes allows" },
	{ EINVAL, "a PID, interval, capacity or option is out of range" },
	{ ECHILD, "the process is not registered in this session" },
	{ ETIMEDOUT, "no process ended in the time allowed" },
	{ EBUSY, "the session is mapped already, or the tree keeps losing "
		 "processes while it is searched: try again" },
	{ ENOTSUP, "the system registry cannot do that: open a session" },
	{ EPROTO, "the usertime module answered in a way that this version of "
		  "liburt does not know: update one of them" },
};

const char *urt_strerror(int err)
{
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		if (messages[i].err == err)
			return messages[i].text;
	}
	return strerror(err);
}
