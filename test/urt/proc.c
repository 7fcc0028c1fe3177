// SPDX-License-Identifier: MIT
/* If /proc lacks what urt needs, the message does not blame the module. */
#define _GNU_SOURCE
#include <sys/mount.h>

#include "common.h"

#define NOT_LOADED "the usertime module is not loaded"

/* Makes mounts that other processes do not see. */
static void part(void)
{
	must(!unshare(CLONE_NEWNS) &&
	     !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* Seen elsewhere: in a container a tool asks for a module that is loaded. */
static void all_say(const char *reason, const char *not)
{
	static const char *const commands[] = {
		"run true", "stat", "stat -p 1", "wait 1", "runtime 1", "add 1",
		"remove 1", "list",
	};
	struct said said;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		said = shell("urt %s", commands[i]);
		expect(said.status && strstr(said.err, reason) &&
		       !(not && strstr(said.err, not)), "%s: %d, %s",
		       commands[i], said.status, said.err);
		said_free(&said);
	}
	said = shell("urt exporter --textfile /tmp & "
		     "until [ -s /tmp/urt.prom ]; do sleep 0.01; done; "
		     "kill $!; wait $!");
	expect(!said.status && strstr(said.err, reason), "exporter: %d, %s",
	       said.status, said.err);
}

static void without_proc(void *unused)
{
	part();
	must(!umount2("/proc", MNT_DETACH));
	all_say("/proc is no procfs", NOT_LOADED);
	must(!mount("none", "/proc", "tmpfs", 0, NULL));
	all_say("/proc is no procfs", NOT_LOADED);
}

static void with_processes_only(void *unused)
{
	part();
	must(!umount2("/proc", MNT_DETACH) &&
	     !mount("proc", "/proc", "proc", 0, "subset=pid"));
	all_say("subset=pid", NOT_LOADED);
}

static void with_hidden(void *unused)
{
	part();
	must(!mount("none", "/proc/urt", "tmpfs", 0, NULL));
	all_say("this /proc hides /proc/urt", NOT_LOADED);
}

TEST(urt_proc_none, "urt says that there is no procfs on /proc")
{
	in_child(without_proc, NULL);
}

TEST(urt_proc_subset, "urt says that /proc has processes only")
{
	in_child(with_processes_only, NULL);
}

TEST(urt_proc_hidden, "urt says that /proc/urt is hidden, or else that the module is not loaded")
{
	in_child(with_hidden, NULL);
	must(!unload());
	all_say(NOT_LOADED, "hides");
	must(!load(""));
}

/* Seen elsewhere: "permission denied" where a file system is read-only. */
static void read_only(void *unused)
{
	pid_t pid = sleeper();
	struct said said;

	registers("%d", pid);
	part();
	must(!mount(NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	said = shell("urt add %d", pid);
	expect(said.status == 1 && strstr(said.err, "mounted read-only") &&
	       !strstr(said.err, "status_mode"), "%d: %s", said.status, said.err);
	said = shell("urt remove %d", pid);
	expect(said.status == 1 && strstr(said.err, "mounted read-only"), "%d: %s",
	       said.status, said.err);
	said = shell("urt stat -p %d", pid);
	expect(said.status == 1 && strstr(said.err, "mounted read-only"), "%d: %s",
	       said.status, said.err);
	said = shell("urt list --csv");
	expect(!said.status && strstr(said.out, "\n"), "%d: %s", said.status,
	       said.err);
}

TEST(urt_proc_read_only, "on a read-only /proc urt lists, and says why it cannot add")
{
	in_child(read_only, NULL);
}
