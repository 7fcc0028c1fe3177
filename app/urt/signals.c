// SPDX-License-Identifier: MIT
#include "signals.h"

#include <errno.h>
#include <error.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

#include "command.h"

static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

int signals_to_end(void)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	/* nohup(1) makes us ignore SIGHUP. */
	if (!is_ignored(SIGHUP))
		sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	fd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (fd < 0)
		error(cmd_exit_failed, errno, "signalfd");
	return fd;
}
