// SPDX-License-Identifier: MIT
/*
 * urt top: a live view of processes. It sleeps in poll(2) for the next
 * generation, for keys, and for signals. Signals come through a descriptor, so
 * that the terminal is put back before a signal has its effect.
 */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <liburt.h>

#include "clock.h"
#include "format.h"
#include "parse.h"
#include "select.h"
#include "top/keys.h"
#include "top/screen.h"
#include "top/view.h"
#include "unreaped.h"
#include "watch.h"

#define DELAY_MS	1000	/* unless -d says otherwise */
/*
 * Exits may come by the thousand, and are fetched in batches. Meanwhile the
 * kernel keeps max_records (4,096) of them, which is enough for 80,000 a
 * second.
 */
#define BATCH_MS	50
#define BATCH_MAX	65536	/* records before keys are read */

struct top {
	struct selection selection;
	unsigned int delay_ms;	/* 0: not given */
	bool exit_at_end;
	struct urt *u;
	struct urt_snapshot snapshot;
	struct top_model model;
	struct top_view view;
	struct unreaped unreaped;
	int signal_fd;
	sigset_t signals;
	int signal;		/* the signal that ended us, or 0 */
	uint64_t batch_ns;	/* CLOCK_MONOTONIC; next batch is due */
};

/* --- options --- */

enum { OPTION_EXIT = 512 };

static const struct argp_option options[] = {
	{ "delay", 'd', "SECONDS", 0,
	  "Time between updates (default 1; from 0.1 on, from 0.01 as root)", 0 },
	{ "exit", OPTION_EXIT, NULL, 0,
	  "Quit when all have exited", 0 },
	{ 0 }
};

static const char doc[] =
	"A live view of processes and of all they start, however short-lived;\n"
	"without arguments, of the list that all users share (see urt add)."
	"\v"
	"PID is the same as --tree PID. Keys: F1 or h lists them.\n"
	"\n"
	"Examples:\n"
	"  urt top $$                     this shell, and all it starts\n"
	"  urt top -d 0.5 -C make\n"
	"  urt top -p 1234,5678\n"
	"\n"
	"If NO_COLOR is set and not empty, there are no colours. For output that\n"
	"is no terminal, use 'urt stat'.\n"
	"Exit status: 0 quit, or with --exit all have exited; 1 it could not start,\n"
	"one of the processes could not be registered, or the terminal went away;\n"
	"2 wrong usage. A signal that ends it, such as Ctrl-C, is its end then, too.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct top *top = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &top->selection;
		return 0;
	case 'd':
		if (!parse_seconds(arg, &top->delay_ms))
			argp_error(state, "--delay: '%s' is not a number of seconds",
				   arg);
		return 0;
	case OPTION_EXIT:
		top->exit_at_end = true;
		return 0;
	case ARGP_KEY_ARG:
		select_argument(&top->selection, arg, URT_TREE, state);
		return 0;
	case ARGP_KEY_END:
		if (top->selection.count)
			return 0;
		if (top->delay_ms)
			argp_error(state, "--delay: the shared list is refreshed at the module's pace: see /sys/module/usertime/parameters/interval_ms");
		if (top->exit_at_end)
			argp_error(state, "--exit: the shared list has no end");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- the view --- */

static void name_of(pid_t pid, char comm[64])
{
	char path[32];
	FILE *file;

	*comm = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(comm, 64, file))
		*comm = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
}

static void set_title(struct top *top)
{
	const struct selected *item = top->selection.items;
	char comm[64], name[NAME_SIZE], *title = top->view.title;
	size_t size = sizeof(top->view.title);

	if (!top->selection.count) {
		snprintf(title, size, "the system registry");
	} else if (top->selection.count > 1) {
		snprintf(title, size, "%zu processes", top->selection.count);
	} else if (item->all) {
		snprintf(title, size, "all processes");
	} else if (item->name) {
		snprintf(title, size, "all named %.60s",
			 format_name(name, item->name));
	} else {
		name_of(item->pid, comm);
		snprintf(title, size, "%s %d (%.60s)",
			 item->flags & URT_TREE ? "tree of" : "process",
			 item->pid, format_name(name, comm));
	}
}

/*
 * The view begins at the latest refresh of the registry, not at our first look.
 */
static bool begin_system(struct top *top)
{
	if (urt_snapshot(top->u, &top->snapshot)) {
		error(0, 0, "cannot read the list: %s", urt_strerror(errno));
		return false;
	}
	top->model.time_ns = watch_first_ns(&top->snapshot, true,
					    clock_ns(CLOCK_BOOTTIME));
	return true;
}

/*
 * Return: whether there are processes to look at; if not, a message is printed.
 */
static bool start(struct top *top, bool *all)
{
	unsigned int delay = top->delay_ms ? top->delay_ms : DELAY_MS;
	bool any = true;

	*all = true;
	top->view.system = !top->selection.count;
	top->u = select_open(top->view.system ? urt_open_system : urt_open);
	if (!top->u)
		return false;
	top_model_init(&top->model, !top->view.system, clock_ns(CLOCK_BOOTTIME));
	set_title(top);
	if (top->view.system)
		return begin_system(top);
	if (urt_set_interval(top->u, delay)) {
		error(0, 0, "an update every %g s: %s", delay / 1000.0,
		      errno == EINVAL ? "at most 3600, at least 0.1 (root: 0.01)" :
		      urt_strerror(errno));
		return false;
	}
	*all = select_register(&top->selection, top->u, &any);
	if (any && urt_map(top->u, 0)) {
		error(0, 0, "cannot map the session: %s", urt_strerror(errno));
		return false;
	}
	return any;
}

/* --- updates --- */

/* Takes all records that wait. Return: success. */
static bool drain(struct top *top)
{
	struct urt_record record;
	unsigned int i;

	top->batch_ns = clock_ns(CLOCK_MONOTONIC) + BATCH_MS * NSEC_PER_MSEC;
	for (i = 0; i < BATCH_MAX && !top->view.ended; i++) {
		int ret = urt_next(top->u, &record, 0);

		if (!ret)
			top->view.ended = true;
		else if (ret < 0 && (errno == ETIMEDOUT || errno == EAGAIN))
			return true;
		else if ((ret < 0 && errno != EINTR) ||
			 (ret > 0 && top_model_record(&top->model, &record)))
			return false;
	}
	return true;
}

/*
 * The snapshot comes first, then the records. A process that the snapshot lacks
 * has left its record before.
 */
static bool update(struct top *top)
{
	/* A process that entered from outside is in the next generation. */
	int err = select_entered(&top->selection, top->u);

	if (err)
		snprintf(top->view.message, sizeof(top->view.message),
			 "not all that come in can be followed: %s",
			 urt_strerror(err));
	if (urt_snapshot(top->u, &top->snapshot))
		return false;
	if (!top->view.system && !drain(top))
		return false;
	unreaped_look(&top->unreaped, &top->snapshot);
	top->view.interval_ms = top->snapshot.interval_ms;
	return !top_model_update(&top->model, &top->snapshot);
}

/* Takes the kernel's events. */
static bool take_events(struct top *top, short events, bool *redraw)
{
	bool ended = top->view.ended;

	if (events & POLLPRI) {
		*redraw = true;
		if (!update(top))
			return false;
	} else if (events && !top->view.system && !drain(top)) {
		return false;
	}
	if (!top->view.ended || ended)
		return true;
	*redraw = true;
	return !top_model_finish(&top->model, clock_ns(CLOCK_BOOTTIME));
}

/* --- keys and signals --- */

static void set_interval(struct top *top)
{
	struct top_view *view = &top->view;

	if (!urt_set_interval(top->u, view->wanted_ms)) {
		view->interval_ms = view->wanted_ms;
		return;
	}
	snprintf(view->message, sizeof(view->message), "%g s: %s",
		 view->wanted_ms / 1000.0, errno != EINVAL ?
		 urt_strerror(errno) : view->wanted_ms > 3600000 ?
		 "3600 at most" : "0.1 at least (root: 0.01)");
}

/* Return: false to quit. */
static bool take_keys(struct top *top)
{
	wint_t c;
	int ret;

	while ((ret = get_wch(&c)) != ERR) {
		top_settle(&top->view, &top->model);
		switch (top_press(&top->view, &top->model, c,
				  ret == KEY_CODE_YES)) {
		case TOP_QUIT:
			return false;
		case TOP_INTERVAL:
			set_interval(top);
			break;
		case TOP_REDRAW:
			top_screen_resume();
			break;
		case TOP_GO_ON:
			break;
		}
	}
	return true;
}

/* Stops as if the signal had its default action. SIGCONT continues here. */
static void stop(void)
{
	sigset_t stop_signal;

	top_screen_close();
	sigemptyset(&stop_signal);
	sigaddset(&stop_signal, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop_signal, NULL);
	sigprocmask(SIG_BLOCK, &stop_signal, NULL);
	top_screen_resume();
}

/* Return: false to quit. */
static bool take_signal(struct top *top)
{
	struct signalfd_siginfo info;

	if (read(top->signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	switch (info.ssi_signo) {
	case SIGWINCH:
		top_screen_resize();
		return true;
	case SIGTSTP:
		stop();
		return true;
	case SIGCONT:
		top_screen_resume();
		return true;
	default:
		top->signal = (int)info.ssi_signo;
		return false;
	}
}

static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

/*
 * An ignored signal that is blocked would still reach us. Our parent may have
 * ignored SIGHUP (nohup) or SIGTSTP (a shell without job control). ncurses
 * installs handlers of its own for some signals. They never run, because these
 * signals stay blocked.
 */
static bool block_signals(struct top *top)
{
	static const int all[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH,
	};
	size_t i;

	sigemptyset(&top->signals);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if ((all[i] != SIGHUP && all[i] != SIGTSTP) ||
		    !is_ignored(all[i]))
			sigaddset(&top->signals, all[i]);
	}
	sigprocmask(SIG_BLOCK, &top->signals, NULL);
	top->signal_fd = signalfd(-1, &top->signals, SFD_CLOEXEC);
	if (top->signal_fd < 0)
		error(0, errno, "signalfd");
	return top->signal_fd >= 0;
}

static int die_of(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + number;
}

/* --- the loop --- */

/* Waits for events; between batches of records, only until the next batch. */
static int wait_for(struct top *top, struct pollfd fds[3])
{
	uint64_t time = clock_ns(CLOCK_MONOTONIC);
	bool between = time < top->batch_ns;

	fds[0] = (struct pollfd) { top->signal_fd, POLLIN, 0 };
	fds[1] = (struct pollfd) { STDIN_FILENO, POLLIN, 0 };
	fds[2] = (struct pollfd) {
		.fd = top->view.ended ? -1 : urt_fd(top->u),
		.events = POLLPRI | (between || top->view.system ? 0 : POLLIN),
	};
	if (top->view.ended || top->view.system || !between)
		return poll(fds, 3, -1);
	return poll(fds, 3, (int)((top->batch_ns - time) / NSEC_PER_MSEC) + 1);
}

static void draw(struct top *top)
{
	top_settle(&top->view, &top->model);
	top_screen_draw(&top->view, &top->model);
}

/* Return: success; or false, with the reason in errno. */
static bool loop(struct top *top)
{
	struct pollfd fds[3];
	bool redraw = true;

	for (;;) {
		if (redraw)
			draw(top);
		redraw = false;
		if (top->exit_at_end &&
		    (top->view.ended ||
		     unreaped_alone(&top->unreaped, clock_ns(CLOCK_BOOTTIME))))
			return true;
		if (wait_for(top, fds) < 0 && errno != EINTR)
			return false;
		if (!take_events(top, fds[2].revents, &redraw))
			return false;
		if (fds[0].revents && !take_signal(top))
			return true;
		if (fds[1].revents & (POLLHUP | POLLERR | POLLNVAL)) {
			errno = EIO;	/* the terminal is gone */
			return false;
		}
		if (fds[1].revents && !take_keys(top))
			return true;
		redraw |= fds[0].revents || fds[1].revents;
	}
}

static int run(struct top *top)
{
	bool stops = !is_ignored(SIGTSTP), ok;
	const char *refused;
	int err;

	if (!block_signals(top))
		return STATUS_FAILED;
	refused = top_screen_open(&top->view);
	if (refused) {
		error(0, 0, "%s; see 'urt stat'", refused);
		return STATUS_FAILED;
	}
	if (stops)
		signal(SIGTSTP, SIG_DFL);
	ok = update(top) && loop(top);
	err = errno;
	top_screen_close();
	if (!ok)
		error(0, 0, "%s", urt_strerror(err));
	if (top->signal)
		return die_of(top->signal);
	return ok ? STATUS_OK : STATUS_FAILED;
}

int cmd_top(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &select_argp, 0, NULL, 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[PID...]",
		.doc = doc,
		.children = children,
	};
	static struct top top = {
		.view = { .order = { .key = TOP_CPU }, .target = -1 },
	};
	int status = STATUS_FAILED;
	bool all;

	setlocale(LC_CTYPE, "");
	if (argp_parse(&argp, argc, argv, 0, NULL, &top))
		return STATUS_USAGE;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error(0, 0, "standard input and output must be a terminal; for others there is 'urt stat'");
		return STATUS_FAILED;
	}
	if (start(&top, &all))
		status = run(&top);
	urt_snapshot_free(&top.snapshot);
	top_model_free(&top.model);
	unreaped_free(&top.unreaped);
	urt_close(top.u);
	select_free(&top.selection);
	return status == STATUS_OK && !all ? STATUS_FAILED : status;
}
