// SPDX-License-Identifier: MIT
/*
 * urt run runs a command as time(1) does, and reports the CPU time of all
 * processes of its tree.
 *
 * The process of the command is registered as a tree between fork and exec, so
 * that no process is missed. urt reads records while the command runs, so that
 * they never fill the kernel's queue.
 *
 * When the command exits, there may be other processes. A process that has
 * exited by then soon has a record (an RCU grace period after it was reaped).
 * urt waits for these records, within limits. It does not wait for processes
 * that still run, unless --wait says so. Their CPU time comes from the first
 * snapshot of the session that is younger than the command's end. The moment of
 * this snapshot is the end of the report.
 */
#include "command.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburt.h>

#include "clock.h"
#include "format.h"
#include "memory.h"
#include "parse.h"
#include "picture/draw.h"
#include "select.h"
#include "summary.h"
#include "tally.h"
#include "unreaped.h"

/* The exit statuses of env(1), timeout(1) and the shell. */
enum {
	RUN_FAILED	= 125,
	RUN_CANNOT_EXEC	= 126,
	RUN_NOT_FOUND	= 127,
	RUN_SIGNALLED	= 128,	/* and its number */
};

/* How long to wait for records of exited processes. */
#define RECORD_LIMIT	(2 * NSEC_PER_SEC)
#define OWN_LIMIT	(10 * NSEC_PER_SEC)	/* of the command, for a refresh */
#define REFRESH_MS	100	/* an interval that any user may set */
#define PROGRESS_MS	200

/* A process whose record has come after the command's end. */
struct recent {
	pid_t pid;
	uint64_t start_ns;
};

struct run {
	struct summary summary;
	struct tally tally;
	struct urt *u;
	struct urt_snapshot snapshot;
	struct unreaped unreaped;
	struct recent *recent;
	size_t recent_count;
	sigset_t old_mask;
	struct sigaction old_child;
	int signal_fd;
	pid_t pid;
	uint64_t end_ns;	/* CLOCK_BOOTTIME */
	uint64_t shown_ns;	/* CPU time that the progress line shows */
	bool wait;
	bool progress;
	bool mapped;
	bool reaped;		/* the command has been reaped */
	bool recorded;		/* it was reaped, and its record has come */
	bool ended;		/* nothing registered is left */
	bool stopped;		/* a signal came: report and end */
};

/* --- options --- */

enum { OPTION_EACH = OPTION_OTHERS, OPTION_TOP, OPTION_WAIT, OPTION_PROGRESS,
       OPTION_HTML, OPTION_SVG };

static const struct argp_option options[] = {
	{ "each", OPTION_EACH, NULL, 0,
	  "A row for each process, in the order of their start", 0 },
	{ "top", OPTION_TOP, "N", 0,
	  "At most N rows, those with the most CPU time, and one for all others",
	  0 },
	{ "json", OPTION_JSON, NULL, 0,
	  "Report as JSON, times in nanoseconds", 0 },
	{ "csv", OPTION_CSV, NULL, 0,
	  "Report as CSV, times in nanoseconds", 0 },
	{ "output", 'o', "FILE", 0,
	  "Report to FILE, not to standard error", 0 },
	{ "html", OPTION_HTML, "FILE", 0,
	  "Also draw the run, as a page to look around in: one file, for a browser",
	  0 },
	{ "svg", OPTION_SVG, "FILE", 0,
	  "Also draw the run, as a still picture", 0 },
	{ "wait", OPTION_WAIT, NULL, 0,
	  "Wait for all processes that CMD has left behind, too", 0 },
	{ "progress", OPTION_PROGRESS, NULL, 0,
	  "Meanwhile show, on a terminal, how much it is so far", 0 },
	{ 0 }
};

static const char doc[] =
	"Run CMD, then report the CPU time of all processes that it started, "
	"directly or not, however short they lived.\n"
	"\n"
	"Standard input and output, terminal and signals are CMD's, as with "
	"time(1). The report goes to standard error."
	"\v"
	"Examples:\n"
	"  urt run -- make -j4\n"
	"  urt run --top 5 -o report.txt -- ./build.sh\n"
	"  urt run --each --csv -o steps.csv -- make\n"
	"  urt run --json -o - -- true        (to standard output)\n"
	"  urt run --html make.html -- make   (a picture: open it in a browser)\n"
	"\n"
	"'longest' is the wall time of the one process of that name that ran "
	"longest. 'lost' are processes whose sum alone is known, since records "
	"came faster than they were read. 'missed' (shown if there are any) could "
	"not be registered: quota max_per_user.\n"
	"\n"
	"What CMD leaves running is reported with what it has used so far, and "
	"marked: 'real' ends when that was measured, 'command' when CMD ended; "
	"--wait waits for it (Ctrl-C ends the waiting), but not for what has exited "
	"and is not reaped by its parent. For what has "
	"exited but has no record yet, it waits 2 seconds at most, for CMD "
	"itself 10.\n"
	"\n"
	"What --html and --svg draw, 'urt report' draws from a saved report, too; "
	"'urt report --help' says what it shows. FILE is written when CMD has "
	"ended, as a whole; if that cannot be done at all, CMD is not run.\n"
	"\n"
	"In CSV the column kind tells rows of processes from others, lost, missed, "
	"unseen (run on, with times unknown; without a count, and null in JSON, "
	"where there was no memory to see them) and total. SIGTERM, SIGHUP, SIGUSR1 "
	"and SIGUSR2 are passed on to CMD.\n"
	"\n"
	"Exit status: that of CMD; 128+N if signal N killed it; 127 if it was not "
	"found, 126 if it could not be executed; 125 if urt itself failed: usage, "
	"module not loaded, quota, report not written.";

static void set_command(struct run *run, struct argp_state *state)
{
	/* The strings are the caller's argv; it ends with NULL. */
	run->summary.command = &state->argv[state->next - 1];
	state->next = state->argc;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;
	unsigned long number;

	switch (key) {
	case OPTION_EACH:
		run->summary.each = true;
		return 0;
	case OPTION_TOP:
		if (!parse_number(arg, 1000000, &number))
			argp_error(state, "--top: '%s' is not a whole number from 1 to 1000000",
				   arg);
		run->summary.top = (unsigned int)number;
		return 0;
	case OPTION_JSON:
		output_choose(&run->summary.output, FORMAT_JSON, state);
		return 0;
	case OPTION_CSV:
		output_choose(&run->summary.output, FORMAT_CSV, state);
		return 0;
	case 'o':
		run->summary.output.path = arg;
		return 0;
	case OPTION_HTML:
		run->summary.html = arg;
		return 0;
	case OPTION_SVG:
		run->summary.svg = arg;
		return 0;
	case OPTION_WAIT:
		run->wait = true;
		return 0;
	case OPTION_PROGRESS:
		run->progress = isatty(STDERR_FILENO);
		return 0;
	case ARGP_KEY_ARG:
		set_command(run, state);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- the command --- */

static void open_signals(struct run *run)
{
	static const int passed[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
	struct sigaction action;
	sigset_t mask;
	size_t i;

	/*
	 * If the parent ignores SIGCHLD, the kernel would reap the command
	 * without us.
	 */
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL },
		  &run->old_child);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGQUIT);
	for (i = 0; i < sizeof(passed) / sizeof(*passed); i++) {
		/* Under nohup(1), both CMD and urt ignore SIGHUP. */
		if (!sigaction(passed[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&mask, passed[i]);
	}
	sigprocmask(SIG_BLOCK, &mask, &run->old_mask);
	run->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signal_fd < 0)
		error(RUN_FAILED, errno, "signalfd");
}

/* Runs in the child: waits for its registration, and becomes the command. */
static void become_command(struct run *run, int gate, int failure)
{
	char go;
	int err;

	sigaction(SIGCHLD, &run->old_child, NULL);
	sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
	/* End of file: urt has died, or could not register us. */
	if (read(gate, &go, 1) != 1)
		_exit(RUN_FAILED);
	execvp(run->summary.command[0], run->summary.command);
	err = errno;
	if (write(failure, &err, sizeof(err)) < 0)
		_exit(RUN_FAILED);
	_exit(err == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_EXEC);
}

static void open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC))
		error(RUN_FAILED, errno, "pipe");
}

/* Return: 0 if the command runs; or an exit status, and a message. */
static int release(struct run *run, int gate, int failure)
{
	int err;

	if (urt_add(run->u, run->pid, URT_TREE)) {
		error(0, 0, "cannot register the command: %s",
		      urt_strerror(errno));
		return RUN_FAILED;
	}
	if (write(gate, "", 1) != 1) {
		error(0, errno, "cannot start the command");
		return RUN_FAILED;
	}
	if (read(failure, &err, sizeof(err)) != sizeof(err))
		return 0;	/* exec has closed the pipe */
	error(0, err, "cannot run '%s'", run->summary.command[0]);
	return err == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_EXEC;
}

/* Notes the machine and the directory for pictures. */
static void note_place(struct summary *summary)
{
	static struct utsname names;

	/* A kernel without a configured name calls itself "(none)". */
	if (!uname(&names) && strcmp(names.nodename, "(none)"))
		summary->host = names.nodename;
	summary->directory = getcwd(NULL, 0);	/* never freed */
	summary->version = cmd_version();
}

static int start(struct run *run)
{
	int gate[2], failure[2], status;

	open_signals(run);
	open_pipe(gate);
	open_pipe(failure);
	run->summary.start_ns = clock_ns(CLOCK_BOOTTIME);
	run->summary.time = time(NULL);
	run->summary.cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	note_place(&run->summary);
	run->pid = fork();
	if (run->pid < 0)
		error(RUN_FAILED, errno, "fork");
	if (!run->pid) {
		close(gate[1]);
		become_command(run, gate[0], failure[1]);
	}
	close(gate[0]);
	close(failure[1]);
	status = release(run, gate[1], failure[0]);
	close(gate[1]);
	close(failure[0]);
	if (status)
		waitpid(run->pid, NULL, 0);
	return status;
}

static void reap(struct run *run)
{
	if (run->reaped ||
	    waitpid(run->pid, &run->summary.status, WNOHANG) != run->pid)
		return;
	run->reaped = true;
	run->end_ns = clock_ns(CLOCK_BOOTTIME);
	run->summary.command_ns = run->end_ns - run->summary.start_ns;
	run->summary.real_ns = run->summary.command_ns;
}

/*
 * The terminal sends Ctrl-C and Ctrl-\ to the command as well as to us, and the
 * command decides. When the command has exited, these signals are for us.
 */
static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(run);
		else if (run->reaped)
			run->stopped = true;
		else if (info.ssi_signo != SIGINT && info.ssi_signo != SIGQUIT)
			kill(run->pid, (int)info.ssi_signo);
	}
}

/* --- its records --- */

static void remember(struct run *run, const struct urt_record *record)
{
	if (!(run->recent_count & (run->recent_count - 1)))
		run->recent = memory_realloc(run->recent,
					     run->recent_count ?
					     2 * run->recent_count : 1,
					     sizeof(*run->recent));
	run->recent[run->recent_count++] = (struct recent){
		record->pid, record->start_ns,
	};
	if (record->pid == run->pid)
		run->recorded = true;
}

/* Takes all records that are there. */
static void take_records(struct run *run)
{
	struct urt_record record;
	int ret;

	while ((ret = urt_next(run->u, &record, 0)) > 0) {
		tally_record(&run->tally, &record);
		if (run->reaped && record.type == URT_EXIT)
			remember(run, &record);
	}
	if (!ret)
		run->ended = true;
	else if (errno != ETIMEDOUT && errno != EINTR)
		error(RUN_FAILED, 0, "cannot read what has exited: %s",
		      urt_strerror(errno));
}

static bool map(struct run *run)
{
	unsigned int interval = run->progress ? PROGRESS_MS : REFRESH_MS;

	if (urt_set_interval(run->u, interval) ||
	    (!run->mapped && urt_map(run->u, 0))) {
		error(0, 0, "cannot see what is running: %s",
		      urt_strerror(errno));
		return false;
	}
	run->mapped = true;
	return true;
}

/* --- progress --- */

static void clear_progress(const struct run *run)
{
	if (run->progress)
		fputs("\r\033[K", stderr);
}

static void show_progress(struct run *run)
{
	uint64_t cpu = sum_cpu(&run->tally.total);
	char line[128], seconds[STATUS_SIZE];
	struct winsize size = { .ws_col = 0 };
	size_t i;

	for (i = 0; i < run->snapshot.count; i++)
		cpu += run->snapshot.processes[i].utime_ns +
		       run->snapshot.processes[i].stime_ns;
	/*
	 * A process that has just ended may be in the records and in the
	 * snapshot.
	 */
	if (cpu > run->shown_ns)
		run->shown_ns = cpu;
	snprintf(line, sizeof(line),
		 "%" PRIu64 " process%s ended, %zu running, %s%s s of CPU time",
		 run->tally.total.count, run->tally.total.count == 1 ? "" : "es",
		 run->snapshot.registered - run->unreaped.count,
		 run->snapshot.registered > run->snapshot.count ?
		 "more than " : "", format_seconds(seconds, run->shown_ns));
	/* A line that wraps could not be erased. */
	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col > 1 &&
	    size.ws_col <= sizeof(line))
		line[size.ws_col - 1] = '\0';
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
}

static void take_snapshot(struct run *run)
{
	if (urt_snapshot(run->u, &run->snapshot))
		error(RUN_FAILED, 0, "cannot see what is running: %s",
		      urt_strerror(errno));
	unreaped_look(&run->unreaped, &run->snapshot);
	if (run->progress)
		show_progress(run);
}

/* --- following it --- */

/* Waits for an event, for at most timeout_ms. */
static void wait_for_event(struct run *run, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = run->signal_fd, .events = POLLIN },
		{ .fd = urt_fd(run->u), .events = POLLIN },
	};

	if (run->mapped)
		fds[1].events |= POLLPRI;
	if (poll(fds, 2, timeout_ms) < 0)
		return;
	if (fds[0].revents)
		take_signals(run);
	if (fds[1].revents & (POLLIN | POLLHUP))
		take_records(run);
	if (fds[1].revents & POLLPRI)
		take_snapshot(run);
}

static void follow_command(struct run *run)
{
	if (run->progress)
		run->progress = map(run);
	while (!run->reaped)
		wait_for_event(run, -1);
}

/* Whether the snapshot shows the processes that were left after the command. */
static bool snapshot_counts(const struct run *run)
{
	return run->snapshot.generation &&
	       run->snapshot.time_ns >= run->end_ns;
}

/* The process has exited, and its record is still to come. */
static bool exited(const struct urt_process *process)
{
	return !process->threads || process->state == 'X' ||
	       is_unreaped(process);
}

/* Whether the record of this process has come. */
static bool has_record(const struct run *run, const struct urt_process *process)
{
	size_t i;

	for (i = 0; i < run->recent_count; i++) {
		if (run->recent[i].pid == process->pid &&
		    run->recent[i].start_ns == process->start_ns)
			return true;
	}
	return false;
}

static bool records_to_come(const struct run *run)
{
	size_t i;

	for (i = 0; i < run->snapshot.count; i++) {
		const struct urt_process *process = &run->snapshot.processes[i];

		if (exited(process) && !has_record(run, process))
			return true;
	}
	return false;
}

/* Return: whether all has come that urt waits for. */
static bool settled(const struct run *run)
{
	uint64_t waited = clock_ns(CLOCK_BOOTTIME) - run->end_ns;

	if (run->ended || run->stopped)
		return true;
	/* A process that is never reaped leaves no record. */
	if (run->wait)
		return (run->recorded || waited >= OWN_LIMIT) &&
		       unreaped_alone(&run->unreaped, clock_ns(CLOCK_BOOTTIME));
	if (!run->recorded)
		return waited >= OWN_LIMIT;
	/* Without a map, urt does not know which records are still to come. */
	if (!run->mapped)
		return waited >= RECORD_LIMIT;
	if (!snapshot_counts(run))
		return waited >= OWN_LIMIT;
	return !records_to_come(run) || waited >= RECORD_LIMIT;
}

static void count_living(struct run *run)
{
	size_t i;

	if (run->ended)
		return;
	/* Without a refresh, at most the number of the processes is known. */
	if (!snapshot_counts(run)) {
		run->summary.blind = !run->mapped || urt_map_update(run->u);
		if (run->summary.blind)
			return;
		take_snapshot(run);
		run->summary.unseen = run->snapshot.registered;
		return;
	}
	for (i = 0; i < run->snapshot.count; i++) {
		const struct urt_process *process = &run->snapshot.processes[i];
		uint64_t since = unreaped_since(&run->unreaped, process);

		if (!has_record(run, process))
			tally_living(&run->tally, process,
				     since ? since : run->snapshot.time_ns,
				     since);
	}
	run->summary.unseen = run->snapshot.registered - run->snapshot.count;
}

/* Handles the other processes after the command's end. */
static void follow_others(struct run *run)
{
	take_records(run);
	if (!run->ended)
		map(run);
	while (!settled(run))
		wait_for_event(run, run->wait ? -1 : REFRESH_MS);
	/* A process that ends between the two counts has a record. */
	take_records(run);
	count_living(run);
	/* No process ran longer or later than the whole run. */
	if (run->tally.end_ns > run->end_ns)
		run->summary.real_ns =
			run->tally.end_ns - run->summary.start_ns;
}

/*
 * From now on, signals end us as they end other programs, because output into a
 * pipe waits for its reader. A report on standard error is written by then.
 */
static void close_signals(struct run *run)
{
	take_signals(run);
	sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
}

static int exit_status(const struct run *run)
{
	int status = run->summary.status;

	return WIFSIGNALED(status) ? RUN_SIGNALLED + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* Return: whether all output is written; if not, a message is printed. */
static bool print(struct run *run)
{
	struct output *output = &run->summary.output;

	if (output->path)
		close_signals(run);
	if (!output_open(output, stderr))
		return false;
	summary_print(&run->summary, &run->tally);
	return output_close(output);
}

static int run_and_report(struct run *run)
{
	int status = start(run);
	bool ok;

	if (status)
		return status;
	follow_command(run);
	follow_others(run);
	clear_progress(run);
	ok = print(run);
	close_signals(run);
	ok &= picture_draw(&run->summary, &run->tally);
	return ok || run->summary.status ? exit_status(run) : RUN_FAILED;
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[--] CMD [ARGUMENT...]",
		.doc = doc,
		.children = cmd_help,
	};
	struct run run = { 0 };
	int status;

	argp_err_exit_status = RUN_FAILED;
	cmd_exit_failed = RUN_FAILED;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run))
		return RUN_FAILED;
	run.u = select_open(urt_open);
	if (!run.u ||
	    !picture_can_draw(&run.summary, "--output",
			      run.summary.output.path) ||
	    !output_check(&run.summary.output))
		return RUN_FAILED;
	tally_init(&run.tally, run.summary.each || run.summary.html ||
			       run.summary.svg);
	status = run_and_report(&run);
	free((char *)run.summary.directory);
	urt_close(run.u);
	urt_snapshot_free(&run.snapshot);
	unreaped_free(&run.unreaped);
	tally_free(&run.tally);
	free(run.recent);
	return status;
}
