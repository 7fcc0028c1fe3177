// SPDX-License-Identifier: MIT
/*
 * The cost of learning of each process's exit, compared with a process that is
 * not watched. It includes the kernel's work at fork and exit, its later work
 * when it frees the dead, and the reads of the watcher.
 *
 * The processes come from vfork(), because copying page tables is most of the
 * cost of fork(), and depends on where memory lies. No watcher causes this
 * cost. Watchers take turns. A figure is the difference between a round and the
 * unwatched round of that turn.
 */
#define _GNU_SOURCE
#include "exits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../peers/receive.h"
#include "../peers/taskstats.h"
#include "base.h"
#include "brief.h"
#include "figures.h"
#include "session.h"
#include "sleepers.h"

#define TABLE "exits"
#define EXITS 300		/* in a round */
#define ROUNDS 15
#define READ_EACH 50		/* processes */
#define LINE_ONLY 100		/* bytes: more than a record, less than two */

static int fd;			/* of the watcher */
static pid_t stranger;		/* lives all the time */
static pid_t *sleepers;
static uint64_t heard_us;	/* sum of what it was told */

/* --- ours --- */

static bool module_start(void)
{
	module_load("");
	return true;
}

static bool watch_tree(pid_t root)
{
	char words[48];

	module_load("");
	snprintf(words, sizeof(words), "tree %d interval 3600000", root);
	fd = session_open(words);
	return true;
}

static bool session_start(void)
{
	return watch_tree(getpid());
}

static bool elsewhere_start(void)
{
	return watch_tree(stranger);
}

static int session_take(size_t size)
{
	char text[8192];
	int lines = 0;
	ssize_t n;

	while ((n = read(fd, text, size)) > 0) {
		for (char *p = text; (p = memchr(p, '\n', text + n - p)); p++)
			lines++;
	}
	must(n < 0 && errno == EAGAIN);
	return lines;
}

static int session_take_one(void)
{
	return session_take(LINE_ONLY);
}

static int session_take_many(void)
{
	return session_take(8192);
}

static void session_stop(void)
{
	close(fd);
	module_unload();
}

/* --- the process connector --- */

struct event_message {
	struct nlmsghdr nl;
	struct cn_msg cn;
	struct proc_event event;
} __attribute__((packed));

static void connector_ask(enum proc_cn_mcast_op op)
{
	struct {
		struct nlmsghdr nl;
		struct cn_msg cn;
		enum proc_cn_mcast_op op;
	} __attribute__((packed)) m = {
		.nl = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_DONE },
		.cn = {
			.id = { .idx = CN_IDX_PROC, .val = CN_VAL_PROC },
			.len = sizeof(m.op),
		},
		.op = op,
	};

	must(send(fd, &m, sizeof(m), 0) == sizeof(m));
}

static bool connector_start(void)
{
	fd = receive_from(NETLINK_CONNECTOR, CN_IDX_PROC);
	if (fd < 0)
		return false;
	connector_ask(PROC_CN_MCAST_LISTEN);
	return true;
}

/* Lets only exits into the socket. */
static bool connector_start_filtered(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct event_message, event.what)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	code[1].k = htonl(PROC_EVENT_EXIT);
	if (!connector_start())
		return false;
	must(!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			 sizeof(program)));
	return true;
}

static int connector_take(int batch)
{
	static struct event_message messages[RECEIVE_MAX];
	int n, exits = 0;

	while ((n = receive(fd, messages, sizeof(*messages), batch)) > 0) {
		for (int i = 0; i < n; i++)
			exits += messages[i].event.what == PROC_EVENT_EXIT;
	}
	return exits;
}

static int connector_take_one(void)
{
	return connector_take(1);
}

static int connector_take_many(void)
{
	return connector_take(RECEIVE_MAX);
}

static void connector_stop(void)
{
	connector_ask(PROC_CN_MCAST_IGNORE);
	close(fd);
}

/* --- taskstats --- */

static void note_stats(pid_t pid, const struct taskstats *stats)
{
	heard_us += stats->ac_utime + stats->ac_stime;
}

static bool taskstats_start(void)
{
	fd = taskstats_open();
	if (fd < 0)
		return false;
	taskstats_listen(fd);
	return true;
}

static int taskstats_take_one(void)
{
	return taskstats_hear(fd, 1, note_stats);
}

static int taskstats_take_many(void)
{
	return taskstats_hear(fd, RECEIVE_MAX, note_stats);
}

static void close_fd(void)
{
	close(fd);
}

/* --- ways to reap --- */

static void reap_by_wait(pid_t pid)
{
	must(waitpid(pid, NULL, 0) == pid);
}

static void reap_by_pidfd(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	struct rusage usage;
	siginfo_t info;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	must(p.fd >= 0 && poll(&p, 1, -1) == 1);
	must(!syscall(SYS_waitid, P_PIDFD, p.fd, &info, WEXITED, &usage));
	heard_us += usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	close(p.fd);
}

static bool start_nothing(void)
{
	return true;
}

static int take_nothing(void)
{
	return 0;
}

static void stop_nothing(void)
{
}

static const struct watcher {
	const char *name;
	bool (*start)(void);	/* false: this kernel has none of it */
	void (*reap)(pid_t pid);
	int (*take)(void);	/* returns the number of exits */
	void (*stop)(void);
	const char *missing;
} watchers[] = {
	{ "nobody", start_nothing, reap_by_wait, take_nothing, stop_nothing,
	  NULL },
	{ "nobody (our module is loaded)", module_start, reap_by_wait,
	  take_nothing, module_unload, NULL },
	{ "nobody (our session has others)", elsewhere_start, reap_by_wait,
	  take_nothing, session_stop, NULL },
	{ "session record by record", session_start, reap_by_wait,
	  session_take_one, session_stop, NULL },
	{ "session 50 records at once", session_start, reap_by_wait,
	  session_take_many, session_stop, NULL },
	{ "cn_proc message by message", connector_start, reap_by_wait,
	  connector_take_one, connector_stop, "CONFIG_PROC_EVENTS" },
	{ "cn_proc filtered 50 at once", connector_start_filtered, reap_by_wait,
	  connector_take_many, connector_stop, "CONFIG_PROC_EVENTS" },
	{ "taskstats message by message", taskstats_start, reap_by_wait,
	  taskstats_take_one, close_fd, "CONFIG_TASKSTATS" },
	{ "taskstats 50 at once", taskstats_start, reap_by_wait,
	  taskstats_take_many, close_fd, "CONFIG_TASKSTATS" },
	{ "pidfd", start_nothing, reap_by_pidfd,
	  take_nothing, stop_nothing, NULL },
};

#define WATCHERS (sizeof(watchers) / sizeof(*watchers))

/* The end of a process that was made for it, or was there before. */
static pid_t end_brief(int nr)
{
	return fork_brief();
}

static pid_t end_sleeper(int nr)
{
	must(!kill(sleepers[nr], SIGKILL));
	return sleepers[nr];
}

static int exits(const struct watcher *w, pid_t (*end)(int nr))
{
	int told = 0;

	for (int i = 0; i < EXITS; i++) {
		w->reap(end(i));
		if ((i + 1) % READ_EACH == 0)
			told += w->take();
	}
	return told;
}

/* Return: instructions, with a watcher that has started. */
static int64_t watched(const struct watcher *w, pid_t (*end)(int nr))
{
	uint64_t begin, quiet, cost;
	int told;

	until_quiet();
	quiet = until_quiet();
	begin = tsc();
	told = exits(w, end);
	until_quiet();
	told += w->take();
	until_quiet();
	cost = tsc() - begin - 2 * quiet;
	/* Exits of other processes may be among them. */
	must(w->take == take_nothing || told >= EXITS);
	w->stop();
	return cost;
}

/* Return: instructions, or -1 if this kernel has no such watcher. */
static int64_t round_of(const struct watcher *w)
{
	unmap_stacks();
	return w->start() ? watched(w, end_brief) : -1;
}

/* Measures processes that were forked, and registered, before. */
static int64_t round_of_ends(const struct watcher *w)
{
	int64_t cost;

	unmap_stacks();
	must(w->start());
	sleepers = sleepers_start(EXITS);
	cost = watched(w, end_sleeper);
	sleepers_forget();
	return cost;
}

/*
 * The comparison is a process that is not registered, beside a session with
 * another process. Both then find memory as the module leaves it.
 */
static void ends_measure(void)
{
	static const struct watcher nobody = {
		"nobody", elsewhere_start, reap_by_wait, take_nothing,
		session_stop, NULL
	}, session = {
		"session 50 at once; registered before", session_start,
		reap_by_wait, session_take_many, session_stop, NULL
	};
	int64_t cost[ROUNDS];

	for (int round = -1; round < ROUNDS; round++)
		cost[round < 0 ? 0 : round] = -round_of_ends(&nobody) +
					      round_of_ends(&session);
	figure_spread(TABLE, session.name, cost, ROUNDS, EXITS, "instructions");
}

static void stranger_end(void)
{
	must(!kill(stranger, SIGKILL));
	must(waitpid(stranger, NULL, 0) == stranger);
}

void exits_measure(void)
{
	int64_t cost[WATCHERS][ROUNDS];

	stranger = fork();
	if (!stranger) {
		for (;;)
			pause();
	}
	must(stranger > 0);
	/* The first round brings memory into the state of the other rounds. */
	for (int round = -1; round < ROUNDS; round++) {
		for (size_t i = 0; i < WATCHERS; i++)
			cost[i][round < 0 ? 0 : round] = round_of(&watchers[i]);
	}
	for (size_t i = 1; i < WATCHERS; i++) {
		if (cost[i][0] < 0) {
			figure_absent(TABLE, watchers[i].name,
				      watchers[i].missing);
			continue;
		}
		for (int round = 0; round < ROUNDS; round++)
			cost[i][round] -= cost[0][round];
		figure_spread(TABLE, watchers[i].name, cost[i], ROUNDS, EXITS,
			      "instructions");
	}
	figure_spread(TABLE, "(vfork and exit and wait)", cost[0], ROUNDS,
		      EXITS, "instructions");
	ends_measure();
	stranger_end();
}
