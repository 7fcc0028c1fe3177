// SPDX-License-Identifier: MIT
/* Faults while the module is loaded and unloaded. */
#include <sys/syscall.h>

#include "common.h"

static int file;

static void no_module(void)
{
	int err = unload();

	expect(!err || err == ENOENT, "rmmod: %s", strerror(err));
	file = open("/usertime.ko", O_RDONLY | O_CLOEXEC);
	must(file >= 0);
}

static int insert_it(void)
{
	int ret = syscall(SYS_finit_module, file, "interval_ms=200", 0);

	return ret ? errno : 0;
}

static void inserted(int err)
{
	close(file);
	expect(err || !access("/proc/urt/status", R_OK | W_OK), "no status");
	expect(!err || access("/proc/urt", F_OK), "/proc/urt has stayed");
	expect(!err || access("/sys/module/usertime", F_OK), "it has stayed");
	if (err)
		return;
	registers("tree %d", getpid());
	expect(listed(getpid(), NULL), "it does not work");
}

static const struct operation inserting = {
	"insmod", no_module, insert_it, inserted, { ENOMEM },
};

TEST(faults_insmod, "an insmod whose memory is denied is ENOMEM and leaves nothing",
     .faults = true, .limit = 300)
{
	faults_need();
	faults_only_below("do_one_initcall");
	/* The kernel writes a trace for each of these faults. */
	faults_not_below("__kmem_cache_create_args");
	faults_walk(&inserting);
}

TEST(faults_insmod_cache, "an insmod that gets no slab cache is ENOMEM and leaves nothing",
     .faults = true)
{
	int err;

	faults_need();
	faults_only_below("__kmem_cache_create_args");
	no_module();
	fault_arm(1);
	err = insert_it();
	expect(fault_fired() && err == ENOMEM, "%s", strerror(err));
	inserted(err);
	faults_count("insmod, its slab cache", 1, 1);
}

static const struct operation inserting_all = {
	"insmod, the kernel's part too", no_module, insert_it, inserted,
	{ ENOMEM, EFAULT },
};

TEST(faults_insmod_all, "an insmod whose memory is denied anywhere in the kernel leaves nothing",
     .faults = true, .slow = true, .limit = 900)
{
	faults_need();
	faults_walk(&inserting_all);
}

static int session;

static void loaded_and_used(void)
{
	int err = load("interval_ms=200");

	expect(!err || err == EEXIST, "insmod: %s", strerror(err));
	registers("tree %d", getpid());
	session = open_session();
	must(put(session, "%d", getpid()) > 0);
	close(session);
}

static int remove_it(void)
{
	return unload();
}

static void removed(int err)
{
	expect(!err == !!access("/proc/urt", F_OK), "after %s", strerror(err));
}

static const struct operation removing = {
	"rmmod", loaded_and_used, remove_it, removed, { EFAULT },
};

TEST(faults_rmmod, "rmmod needs no memory", .faults = true, .limit = 300)
{
	faults_need();
	faults_walk(&removing);
}
