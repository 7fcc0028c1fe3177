// SPDX-License-Identifier: MIT
#include "select.h"

#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/magic.h>

#include "command.h"
#include "memory.h"
#include "parse.h"
#include "roots.h"

#define COMM_MAX 15	/* the kernel cuts names there */

static struct selected *append(struct selection *selection)
{
	struct selected **items = &selection->items;

	*items = memory_realloc(*items, selection->count + 1, sizeof(**items));
	return &(*items)[selection->count++];
}

void select_pid(struct selection *selection, pid_t pid, int flags)
{
	*append(selection) = (struct selected){ .pid = pid, .flags = flags };
}

void select_argument(struct selection *selection, const char *arg, int flags,
		     struct argp_state *state)
{
	pid_t pid;

	if (!parse_pid(arg, &pid))
		argp_error(state, "'%s' is not a process's number", arg);
	select_pid(selection, pid, flags);
}

/* Names are a set. A process is registered once for its name. */
void select_name(struct selection *selection, const char *name, int flags)
{
	size_t i;

	for (i = 0; i < selection->count; i++) {
		const struct selected *item = &selection->items[i];

		if (item->name && !strncmp(item->name, name, COMM_MAX) &&
		    item->flags == flags)
			return;
	}
	*append(selection) = (struct selected){ .name = name, .flags = flags };
}

void select_all(struct selection *selection)
{
	size_t i;

	for (i = 0; i < selection->count; i++) {
		if (selection->items[i].all)
			return;
	}
	*append(selection) = (struct selected){ .all = true };
}

void select_free(struct selection *selection)
{
	free(selection->items);
	free(selection->roots);
}

/* --- options --- */

enum { OPTION_ALL = 1024 };

static const struct argp_option options[] = {
	{ "pid", 'p', "PID,...", 0, "These processes", 0 },
	{ "tree", 't', "PID,...", 0,
	  "These, all their descendants, and whatever they start from now on",
	  0 },
	{ "command", 'C', "NAME", 0,
	  "All processes of that name, as in ps -C", 0 },
	{ "all", OPTION_ALL, NULL, 0,
	  "All processes of the machine, kernel threads included; in a container, all that it sees. Needs root",
	  0 },
	OPTION_HELP,
	{ 0 }
};

static void select_list(struct selection *selection, char *list, int flags,
			struct argp_state *state)
{
	char *part, *word, *save;

	while ((part = strsep(&list, ","))) {
		word = strtok_r(part, " ", &save);
		if (!word)
			argp_error(state, "a number is missing in a list of processes' numbers");
		for (; word; word = strtok_r(NULL, " ", &save))
			select_argument(selection, word, flags, state);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct selection *selection = state->input;

	switch (key) {
	case 'p':
		select_list(selection, arg, 0, state);
		return 0;
	case 't':
		select_list(selection, arg, URT_TREE, state);
		return 0;
	case 'C':
		if (!*arg)
			argp_error(state, "-C: a name is empty");
		select_name(selection, arg, 0);
		return 0;
	case OPTION_ALL:
		select_all(selection);
		return 0;
	default:
		return cmd_parse_help(key, state);
	}
}

const struct argp select_argp = { .options = options, .parser = parse };

/* --- registering --- */

const char *select_absent(void)
{
	struct statfs proc;

	if (statfs("/proc", &proc) || proc.f_type != PROC_SUPER_MAGIC)
		return "/proc is no procfs: mount -t proc proc /proc";
	if (access("/proc/version", F_OK))
		return "/proc shows processes alone, as it is mounted with subset=pid: mount it without";
	if (!access("/sys/module/usertime", F_OK))
		return "the usertime module is loaded, but this /proc hides /proc/urt";
	return "the usertime module is not loaded: sudo modprobe usertime";
}

struct urt *select_open(struct urt *(*open_it)(void))
{
	struct urt *u = open_it();

	if (!u && errno == ENOENT)
		error(0, 0, "%s", select_absent());
	else if (!u)
		error(0, 0, "cannot open the module's files: %s",
		      urt_strerror(errno));
	return u;
}

static bool has_name(pid_t pid, const char *name)
{
	char path[64], comm[COMM_MAX + 2] = "";
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;	/* the process has ended */
	length = fread(comm, 1, sizeof(comm) - 1, file);
	fclose(file);
	if (length && comm[length - 1] == '\n')
		comm[length - 1] = '\0';
	return !strncmp(comm, name, COMM_MAX);
}

/*
 * Processes for which there was no room. The reason is reported once for all.
 */
struct full {
	size_t count;
	pid_t first;
	int err;
};

static void tell_failure(struct full *full, pid_t pid, int err)
{
	if (err != EDQUOT && err != ENOSPC) {
		error(0, 0, "process %d: %s", pid, urt_strerror(err));
	} else if (!full->count++) {
		full->first = pid;
		full->err = err;
	}
}

static void tell_full(const struct full *full)
{
	if (full->count == 1)
		error(0, 0, "process %d: %s", full->first,
		      urt_strerror(full->err));
	else if (full->count)
		error(0, 0, "process %d and %zu more: %s", full->first,
		      full->count - 1, urt_strerror(full->err));
}

/* The result of a search for a name. */
struct found {
	bool any;
	bool added;
	uint64_t failed;	/* processes not registered ... */
	int err;		/* ... with this; EPERM: all of them */
	struct full *full;	/* NULL: nothing is reported */
};

/* Return: whether the process is registered. */
static bool add_found(struct found *found, struct urt *u, pid_t pid, int flags)
{
	if (!urt_add(u, pid, flags)) {
		found->any = true;
		found->added = true;
		return true;
	}
	if (errno != ESRCH) {
		found->any = true;
		found->failed++;
		if (!found->err || errno != EPERM)
			found->err = errno;
		if (found->full)
			tell_failure(found->full, pid, errno);
	}
	return false;
}

struct found_roots {
	struct found *found;
	struct urt *u;
	const struct selection *before;
	struct selection now;	/* the roots among the selection */
};

static bool is_tree(const struct selection *selection, const struct root *root)
{
	size_t i;

	for (i = 0; i < selection->roots_count; i++) {
		if (selection->roots[i].pid == root->pid &&
		    selection->roots[i].start == root->start)
			return true;
	}
	return false;
}

/*
 * The kernel looks at all processes to find the descendants of one. Ask for
 * that only if it has not been done. A registered process may have been
 * registered by name.
 */
static void add_root(const struct root *root, void *context)
{
	struct found_roots *roots = context;
	struct selection *now = &roots->now;

	if (!is_tree(roots->before, root) &&
	    !add_found(roots->found, roots->u, root->pid, URT_TREE))
		return;
	now->roots = memory_realloc(now->roots, now->roots_count + 1,
				    sizeof(*now->roots));
	now->roots[now->roots_count++] = *root;
}

/* Return: success, or -1 with errno if /proc cannot be read. */
static int register_roots(struct selection *selection, struct urt *u,
			  struct found *found)
{
	struct found_roots roots = { found, u, selection, { 0 } };

	if (roots_each(add_root, &roots))
		return -1;
	free(selection->roots);
	selection->roots = roots.now.roots;
	selection->roots_count = roots.now.roots_count;
	return 0;
}

/* Return: success, or -1 with errno if /proc cannot be read. */
static int register_named(const struct selected *item, struct urt *u,
			  struct found *found)
{
	struct dirent *entry;
	pid_t pid;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return -1;
	while ((entry = readdir(proc))) {
		if (parse_pid(entry->d_name, &pid) && pid != getpid() &&
		    has_name(pid, item->name))
			add_found(found, u, pid, item->flags);
	}
	closedir(proc);
	return 0;
}

static bool register_name(const struct selected *item, struct urt *u,
			  bool *added, struct full *full)
{
	struct found found = { .full = full };

	if (register_named(item, u, &found)) {
		error(0, errno, "/proc");
		return false;
	}
	if (!found.any)
		error(0, 0, "there is no process named '%s'", item->name);
	*added |= found.added;
	return found.any && !found.err;
}

static bool register_all(struct selection *selection, struct urt *u,
			 bool *added)
{
	struct found found = { 0 };

	if (register_roots(selection, u, &found)) {
		error(0, errno, "/proc");
		return false;
	}
	*added |= found.added;
	if (found.err == EPERM)
		error(0, 0, "--all: only root (CAP_SYS_PTRACE) can follow the processes of all users");
	else if (found.err)
		error(0, 0, "--all: %s", urt_strerror(found.err));
	return !found.err;
}

int select_entered(struct selection *selection, struct urt *u)
{
	struct found found = { 0 };
	size_t i;

	for (i = 0; i < selection->count; i++) {
		if (selection->items[i].all && roots_grow() &&
		    register_roots(selection, u, &found))
			return errno;
	}
	return found.err;
}

int select_names(struct selection *selection, struct urt *u,
		 uint64_t *failed)
{
	struct found found = { 0 };
	int err = 0;
	size_t i;

	for (i = 0; i < selection->count && !err; i++) {
		const struct selected *item = &selection->items[i];

		if (item->all ? register_roots(selection, u, &found) :
				register_named(item, u, &found))
			err = errno;
	}
	*failed = found.failed;
	return err ? err : found.err;
}

static bool register_pid(const struct selected *item, struct urt *u,
			 bool *added, struct full *full)
{
	if (!urt_add(u, item->pid, item->flags)) {
		*added = true;
		return true;
	}
	tell_failure(full, item->pid, errno);
	return false;
}

void select_reap(void)
{
	/* Reaps children to come, and children that are zombies already. */
	signal(SIGCHLD, SIG_IGN);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

bool select_register(struct selection *selection, struct urt *u,
		     bool *added)
{
	bool ok = true, any = false;
	struct full full = { 0 };
	size_t i;

	for (i = 0; i < selection->count; i++) {
		const struct selected *item = &selection->items[i];

		if (item->all)
			ok &= register_all(selection, u, &any);
		else
			ok &= item->name ? register_name(item, u, &any, &full) :
					   register_pid(item, u, &any, &full);
	}
	tell_full(&full);
	if (added)
		*added = any;
	return ok;
}
