// SPDX-License-Identifier: MIT
/*
 * Values that the module's parameters should not have, at load and at write,
 * one a line. Numbers are parsed by kstrtouint(), as everywhere in the kernel:
 * 0x and a leading 0 have their meaning in C, and one + is allowed.
 */
#include "lib.h"

#define PARAMETERS "/sys/module/usertime/parameters/"

struct parameter {
	const char *text;
	int err;		/* 0: the value is accepted */
};

static const struct parameter at_load[] = {
	{ "interval_ms=9", EINVAL },
	{ "interval_ms=0", EINVAL },
	{ "interval_ms=3600001", EINVAL },
	{ "interval_ms=2147483647", EINVAL },
	{ "interval_ms=2147483648", EINVAL },
	{ "interval_ms=4294967295", EINVAL },
	{ "interval_ms=4294967396", EINVAL },		/* 2^32 and 100 */
	{ "interval_ms=18446744073709551716", EINVAL },	/* 2^64 and 100 */
	{ "interval_ms=-1", EINVAL },
	{ "interval_ms=-100", EINVAL },
	{ "interval_ms=-4294967196", EINVAL },
	{ "interval_ms=++100", EINVAL },
	{ "interval_ms=+", EINVAL },
	{ "interval_ms=", EINVAL },
	{ "interval_ms", EINVAL },
	{ "interval_ms=\"\"", EINVAL },
	{ "interval_ms=\" 100\"", EINVAL },
	{ "interval_ms=\"100 \"", EINVAL },
	{ "interval_ms=100ms", EINVAL },
	{ "interval_ms=5s", EINVAL },
	{ "interval_ms=1e3", EINVAL },
	{ "interval_ms=100.0", EINVAL },
	{ "interval_ms=100,200", EINVAL },
	{ "interval_ms=fast", EINVAL },
	{ "interval_ms=0x", EINVAL },
	{ "interval_ms=0x9", EINVAL },
	{ "interval_ms=0xg", EINVAL },
	{ "interval_ms=08", EINVAL },
	{ "interval_ms=011", EINVAL },			/* 9 */
	{ "interval_ms=\xd9\xa1\xd9\xa1", EINVAL },	/* Arabic */
	{ "interval_ms=100 interval_ms=9", EINVAL },
	{ "interval_ms=10", 0 },
	{ "interval_ms=+100", 0 },
	{ "interval_ms=0x64", 0 },
	{ "interval_ms=0144", 0 },
	{ "interval_ms=3600000", 0 },
	{ "max_processes=0", EINVAL },
	{ "max_processes=4194305", EINVAL },
	{ "max_processes=2147483648", EINVAL },
	{ "max_processes=4294967296", EINVAL },
	{ "max_processes=4294967297", EINVAL },
	{ "max_processes=18446744073709551617", EINVAL },
	{ "max_processes=-1", EINVAL },
	{ "max_processes=", EINVAL },
	{ "max_processes", EINVAL },
	{ "max_processes=all", EINVAL },
	{ "max_processes=1k", EINVAL },
	{ "max_processes=0x400001", EINVAL },
	{ "max_processes=1", 0 },
	{ "max_processes=0x1", 0 },
	{ "max_processes=4194304", 0 },
	{ "max_per_user=0", EINVAL },
	{ "max_per_user=4194305", EINVAL },
	{ "max_per_user=4294967297", EINVAL },
	{ "max_per_user=18446744073709551617", EINVAL },
	{ "max_per_user=-1", EINVAL },
	{ "max_per_user=", EINVAL },
	{ "max_per_user=unlimited", EINVAL },
	{ "max_per_user=1", 0 },
	{ "max_per_user=4194304", 0 },
	{ "max_sessions=0", EINVAL },
	{ "max_sessions=65537", EINVAL },
	{ "max_sessions=4294967297", EINVAL },
	{ "max_sessions=18446744073709551617", EINVAL },
	{ "max_sessions=-1", EINVAL },
	{ "max_sessions=", EINVAL },
	{ "max_sessions=x", EINVAL },
	{ "max_sessions=1", 0 },
	{ "max_sessions=65536", 0 },
	{ "max_records=0", EINVAL },
	{ "max_records=4194305", EINVAL },
	{ "max_records=4294967297", EINVAL },
	{ "max_records=18446744073709551617", EINVAL },
	{ "max_records=-1", EINVAL },
	{ "max_records=", EINVAL },
	{ "max_records=1.5", EINVAL },
	{ "max_records=1", 0 },
	{ "max_records=4194304", 0 },
	{ "precise_min_us=19", EINVAL },
	{ "precise_min_us=1001", EINVAL },
	{ "precise_min_us=4294967316", EINVAL },	/* 2^32 and 20 */
	{ "precise_min_us=-1", EINVAL },
	{ "precise_min_us=", EINVAL },
	{ "precise_min_us=0", 0 },
	{ "precise_min_us=20", 0 },
	{ "precise_min_us=1000", 0 },
	{ "precise_us=19", EINVAL },
	{ "precise_us=1001", EINVAL },
	{ "precise_us=-1", EINVAL },
	{ "precise_us=", EINVAL },
	{ "precise_us=0", 0 },
	{ "precise_min_us=1000 precise_us=999", EINVAL },
	{ "precise_min_us=0 precise_us=1000", EOPNOTSUPP },
	{ "restrict=2", EINVAL },
	{ "restrict=-1", EINVAL },
	{ "restrict=4294967296", EINVAL },
	{ "restrict=4294967297", EINVAL },
	{ "restrict=18446744073709551617", EINVAL },
	{ "restrict=", EINVAL },
	{ "restrict", EINVAL },
	{ "restrict=y", EINVAL },
	{ "restrict=yes", EINVAL },
	{ "restrict=N", EINVAL },
	{ "restrict=on", EINVAL },
	{ "restrict=true", EINVAL },
	{ "restrict=00", 0 },
	{ "restrict=+1", 0 },
	/*
	 * A mode is octal, whatever it looks like, and only sets permissions.
	 */
	{ "status_mode=0", EINVAL },
	{ "status_mode=00", EINVAL },
	{ "status_mode=1", EINVAL },
	{ "status_mode=0111", EINVAL },
	{ "status_mode=0667", EINVAL },
	{ "status_mode=0777", EINVAL },
	{ "status_mode=01666", EINVAL },
	{ "status_mode=04666", EINVAL },
	{ "status_mode=0100666", EINVAL },
	{ "status_mode=8", EINVAL },
	{ "status_mode=438", EINVAL },
	{ "status_mode=0x1b6", EINVAL },
	{ "status_mode=0o666", EINVAL },
	{ "status_mode=40000000000", EINVAL },		/* 2^32 */
	{ "status_mode=40000000666", EINVAL },
	{ "status_mode=-666", EINVAL },
	{ "status_mode=", EINVAL },
	{ "status_mode", EINVAL },
	{ "status_mode=rw", EINVAL },
	{ "status_mode=u+r", EINVAL },
	{ "status_mode=-rw-rw-rw-", EINVAL },
	{ "status_mode=0666,0666", EINVAL },
	{ "status_mode=2", 0 },
	{ "status_mode=400", 0 },
	{ "status_mode=0600", 0 },
	{ "status_mode=000666", 0 },
	/* All of these values are set, or none. */
	{ "interval_ms=100 max_processes=0", EINVAL },
	{ "max_processes=0 interval_ms=100", EINVAL },
	{ "restrict=1 status_mode=9", EINVAL },
};

static const struct parameter at_write[] = {
	{ "9", EINVAL },
	{ "0", EINVAL },
	{ "-1", EINVAL },
	{ "-100", EINVAL },
	{ "3600001", EINVAL },
	{ "2147483748", EINVAL },
	{ "4294967295", EINVAL },
	{ "4294967396", EINVAL },
	{ "18446744073709551716", EINVAL },
	{ "999999999999999999999999999999999999999", EINVAL },
	{ "\n", EINVAL },
	{ " ", EINVAL },
	{ " 100", EINVAL },
	{ "100 ", EINVAL },
	{ "100\n\n", EINVAL },
	{ "100\r\n", EINVAL },
	{ "\n100", EINVAL },
	{ "100 200", EINVAL },
	{ "100ms", EINVAL },
	{ "5s", EINVAL },
	{ "1e3", EINVAL },
	{ "100.0", EINVAL },
	{ "fast", EINVAL },
	{ "++100", EINVAL },
	{ "0x", EINVAL },
	{ "0x9", EINVAL },
	{ "011", EINVAL },
	{ "08", EINVAL },
	{ "interval_ms=100", EINVAL },
	{ "100", 0 },
	{ "100\n", 0 },
	{ "+100", 0 },
	{ "0x64", 0 },
	{ "0144", 0 },
	{ "10", 0 },
	{ "3600000", 0 },
};

/* These cannot change, because all limits are known from the start. */
static const char *const read_only[] = {
	"max_processes", "max_per_user", "max_sessions", "max_records",
	"restrict", "status_mode",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int wrong;

static void check(const char *text, int seen, int want)
{
	if (seen == want)
		return;
	wrong++;
	note("\"%s\": %s instead of %s", text, strerror(seen), strerror(want));
}

TEST(corpus_load, "each bad parameter at load gives its errno, and the module is not loaded",
     .slow = true)
{
	int err;

	must(!unload());
	for (size_t i = 0; i < COUNT(at_load); i++) {
		err = load(at_load[i].text);
		check(at_load[i].text, err, at_load[i].err);
		expect(err ? access("/proc/urt", F_OK) < 0 : !unload(),
		       "%s: there or not", at_load[i].text);
	}
	note("bad inputs: %zu", COUNT(at_load));
	expect(!wrong, "%d of them", wrong);
}

static int write_to(const char *name, const char *text)
{
	char path[99];
	int fd, err;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

TEST(corpus_write, "each bad value written to a parameter gives its errno and changes nothing",
     .params = "interval_ms=77")
{
	const char *kept = PARAMETERS "interval_ms";
	int err;

	for (size_t i = 0; i < COUNT(at_write); i++) {
		err = write_to("interval_ms", at_write[i].text);
		check(at_write[i].text, err, at_write[i].err);
		expect(!err || !strcmp(slurp(kept), "77\n"), "\"%s\": %s",
		       at_write[i].text, slurp(kept));
		set_interval(77);
	}
	for (size_t i = 0; i < COUNT(read_only); i++) {
		err = write_to(read_only[i], "1");
		check(read_only[i], err, EACCES);
	}
	note("bad inputs: %zu", COUNT(at_write) + COUNT(read_only));
	expect(!wrong, "%d of them", wrong);
}
