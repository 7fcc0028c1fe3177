// SPDX-License-Identifier: MIT
/* What an unprivileged user must not see, however they come by a file. */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "lib.h"

static void hide_processes(void)
{
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, "hidepid=2"));
}

static void be_root_of_a_space(void)
{
	must(!unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
	spit("/proc/self/setgroups", "deny");
	spit("/proc/self/uid_map", "0 1000 1");
	spit("/proc/self/gid_map", "0 1000 1");
}

static void mount_own(void *arg)
{
	must(!mount("proc", "/proc", "proc", 0, NULL));
	/* It shows processes: those of the new PID namespace. */
	expect(getpid() == 1 && state_of(1), "no /proc of its own");
}

/*
 * The process that makes a PID namespace is not in it: its numbers are the
 * host's, while the procfs that its child mounts has no hidepid.
 */
static void look_through_own(void *theirs)
{
	pid_t pid = *(pid_t *)theirs;

	be_root_of_a_space();
	in_child(mount_own, NULL);
	expect(!state_of(pid), "that procfs itself shows the host's");
	expect(!listed(pid, NULL), "status shows %d: %s", pid, slurp(STATUS));
	expect(!stat_header().processes, "stat: %s", slurp(STAT));
	expect(write_errno("%d", pid) == EPERM, "registered in status");
	expect(put(open_session(), "%d", pid) == -EPERM, "registered");
}

TEST(secure_own_procfs, "a procfs of one's own shows nothing that the host's hides")
{
	pid_t theirs = sleeper_as(1001);

	registers("%d", theirs);
	hide_processes();
	in_user(1000, look_through_own, &theirs);
}

static void look_from_inside(void *arg)
{
	pid_t pid = sleeper();
	int fd = open_session();

	must(getpid() == 1);
	expect(!strcmp(slurp(STATUS), ""), "status: %s", slurp(STATUS));
	expect(write_errno("1000") == ESRCH, "a number of the host's");
	expect(put(fd, "%d", pid) > 0, "its own: %s", strerror(errno));
	registers("%d", pid);
	expect(listed(pid, NULL), "its own: %s", slurp(STATUS));
}

static void enter_space(void *arg)
{
	be_root_of_a_space();
	in_child(look_from_inside, NULL);
}

TEST(secure_outer_procfs, "a PID namespace without a /proc of its own sees its own only")
{
	registers("%d %d", sleeper_as(1001), sleeper_as(1000));
	hide_processes();
	in_user(1000, enter_space, NULL);
}
