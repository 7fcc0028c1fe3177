// SPDX-License-Identifier: MIT
/*
 * Words that no program should write, and their results, one a line. Each is
 * written to status and to a session of its own.
 *
 *	$p	a living process
 *	$t	a thread of it, not the first
 *	$z	the number of a process that is no more
 *	$s	ourselves
 *	$q $r	$p and 2^32, and 2^64: the same in their lowest bits
 *	$m	$p and 2^31
 *	$n	2^32 less $p: -$p, taken as unsigned
 *	${c*N}	the character c N times
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "lib.h"

struct input {
	const char *text;
	size_t len;
	int status, session;	/* errno; 0: all of it is accepted */
	const char *rest;	/* the next write, with that error; or NULL */
	size_t rest_len;
};

#define T(text) text, sizeof(text) - 1
/* BAD fails everywhere, ONE in these two ways. FINE is no error. */
#define BAD(text, err) { T(text), err, err, NULL, 0 }
#define ONE(text, status, session) { T(text), status, session, NULL, 0 }
#define FINE(text) { T(text), 0, 0, NULL, 0 }
/* A write ends before the rest. The next write gets the error. */
#define PART(text, rest, err) { T(text), err, err, T(rest) }

static const struct input inputs[] = {
	/* no word at all */
	BAD(" ", EINVAL),
	BAD("\n", EINVAL),
	BAD("\t", EINVAL),
	BAD("  \n\t \n", EINVAL),
	BAD("${ *511}", EINVAL),
	BAD("${ *512}", EINVAL),
	BAD("${\n*4096}", EINVAL),

	/* numbers of no process, and ways to write them */
	BAD("0", EINVAL),
	BAD("00", EINVAL),
	BAD("+0", EINVAL),
	BAD("-0", EINVAL),
	BAD("-00", EINVAL),
	BAD("0 ", EINVAL),
	BAD("\n0\n", EINVAL),
	BAD("0 $p", EINVAL),
	BAD("tree 0", EINVAL),
	BAD("tree 00", EINVAL),
	BAD("${0*31}", EINVAL),

	/* signs */
	BAD("-", EINVAL),
	BAD("+", EINVAL),
	BAD("--$p", EINVAL),
	BAD("++$p", EINVAL),
	BAD("+-$p", EINVAL),
	BAD("-+$p", EINVAL),
	BAD("$p-", EINVAL),
	BAD("$p+", EINVAL),
	BAD("- $p", EINVAL),
	BAD("+ $p", EINVAL),
	BAD("+\n$p", EINVAL),
	BAD("-\t$p", EINVAL),
	BAD("~$p", EINVAL),
	BAD("!$p", EINVAL),
	BAD("*$p", EINVAL),
	BAD("/$p", EINVAL),
	BAD("=$p", EINVAL),
	BAD("\xe2\x88\x92$p", EINVAL),		/* U+2212, a minus */
	BAD("\xef\xbc\x8b$p", EINVAL),		/* U+FF0B, a plus */
	BAD("\xe2\x80\x93$p", EINVAL),		/* U+2013, a dash */

	/* not decimal, not whole, not alone */
	BAD("0x1", EINVAL),
	BAD("0X1", EINVAL),
	BAD("0x$p", EINVAL),
	BAD("0b1", EINVAL),
	BAD("0o1", EINVAL),
	BAD("1e3", EINVAL),
	BAD("1E3", EINVAL),
	BAD("1.0", EINVAL),
	BAD("$p.0", EINVAL),
	BAD(".1", EINVAL),
	BAD("$p.", EINVAL),
	BAD("1,000", EINVAL),
	BAD("1_000", EINVAL),
	BAD("1'000", EINVAL),
	BAD("1/2", EINVAL),
	BAD("50%", EINVAL),
	BAD("0x", EINVAL),
	BAD("$px", EINVAL),
	BAD("x$p", EINVAL),
	BAD("$pL", EINVAL),
	BAD("$pu", EINVAL),
	BAD("inf", EINVAL),
	BAD("nan", EINVAL),
	BAD("a", EINVAL),
	BAD("deadbeef", EINVAL),

	/* marks that enclose numbers elsewhere */
	BAD("$p;", EINVAL),
	BAD("$p;$p", EINVAL),
	BAD("$p,", EINVAL),
	BAD("$p,$p", EINVAL),
	BAD("$p:", EINVAL),
	BAD("$p: 17", EINVAL),			/* a line of status */
	BAD("$p:$p", EINVAL),
	BAD("$p-$p", EINVAL),
	BAD("$p..$p", EINVAL),
	BAD("($p)", EINVAL),
	BAD("[$p]", EINVAL),
	BAD("{$p}", EINVAL),
	BAD("<$p>", EINVAL),
	BAD("\"$p\"", EINVAL),
	BAD("'$p'", EINVAL),
	BAD("`$p`", EINVAL),
	BAD("#$p", EINVAL),
	BAD("$p#", EINVAL),
	BAD("# generation=1", EINVAL),
	BAD("@$p", EINVAL),
	BAD("&$p", EINVAL),
	BAD("|$p", EINVAL),
	BAD("\\$p", EINVAL),
	BAD("$p\\", EINVAL),
	BAD("\\n$p", EINVAL),
	BAD("\\060", EINVAL),
	BAD("%d", EINVAL),
	BAD("%s%n%x", EINVAL),
	BAD("$p%n", EINVAL),
	BAD("../$p", EINVAL),
	BAD("/proc/$p", EINVAL),

	/* other alphabets */
	BAD("\xd9\xa1", EINVAL),		/* an Arabic 1 */
	BAD("\xef\xbc\x91", EINVAL),		/* a wide 1 */
	BAD("\xc2\xb2", EINVAL),		/* a square */
	BAD("\xe2\x85\xa3", EINVAL),		/* IV */
	BAD("\xc2\xa0$p", EINVAL),		/* a blank, but not in C */
	BAD("$p\xc2\xa0", EINVAL),
	BAD("\xe2\x80\x8b$p", EINVAL),		/* an invisible one */
	BAD("\xef\xbb\xbf$p", EINVAL),		/* a byte order mark */
	BAD("\xc0\xb1", EINVAL),		/* 1, but too long */
	BAD("\xed\xa0\x80", EINVAL),		/* half of a pair */
	BAD("\x80", EINVAL),
	BAD("\xff", EINVAL),
	BAD("\xff\xfe" "1\0", EINVAL),		/* UTF-16 */
	BAD("\xb1", EINVAL),			/* 1 and the highest bit */

	/* blanks that are not accepted here */
	BAD("\r", EINVAL),
	BAD("$p\r", EINVAL),
	BAD("$p\r\n", EINVAL),
	BAD("\r$p", EINVAL),
	BAD("\v$p", EINVAL),
	BAD("$p\v", EINVAL),
	BAD("$p\v$p", EINVAL),
	BAD("\f$p", EINVAL),
	BAD("$p\f", EINVAL),
	BAD("$p\f$p", EINVAL),
	BAD("\x85$p", EINVAL),
	BAD("\x1c$p", EINVAL),
	BAD("$p\x7f", EINVAL),
	BAD("\b$p", EINVAL),
	BAD("\a", EINVAL),
	BAD("\x1b[1m$p", EINVAL),
	BAD("\x01$p", EINVAL),
	BAD("$p\x04", EINVAL),

	/* a NUL ends no word, and no write */
	BAD("\0", EINVAL),
	BAD("\0\0", EINVAL),
	BAD("$p\0", EINVAL),
	BAD("\0$p", EINVAL),
	BAD("$p\0 $p", EINVAL),
	BAD("$p\0$p", EINVAL),
	BAD("+\0$p", EINVAL),
	BAD("-$p\0", EINVAL),
	BAD("tree\0$p", EINVAL),
	BAD("tree\0 $p", EINVAL),
	BAD("tree $p\0", EINVAL),
	BAD("tree \0", EINVAL),

	/* limits of numbers: the process has none of these */
	BAD("2147483648", EINVAL),
	BAD("2147483649", EINVAL),
	BAD("$m", EINVAL),
	BAD("$n", EINVAL),
	BAD("4294967295", EINVAL),
	BAD("4294967296", EINVAL),
	BAD("4294967297", EINVAL),
	BAD("$q", EINVAL),
	BAD("+$q", EINVAL),
	BAD("-$q", EINVAL),
	BAD("tree $q", EINVAL),
	BAD("9223372036854775807", EINVAL),
	BAD("9223372036854775808", EINVAL),
	BAD("18446744073709551615", EINVAL),
	BAD("18446744073709551616", EINVAL),
	BAD("18446744073709551617", EINVAL),
	BAD("$r", EINVAL),
	BAD("+$r", EINVAL),
	BAD("-$r", EINVAL),
	BAD("tree $r", EINVAL),
	BAD("99999999999", EINVAL),
	BAD("${9*31}", EINVAL),
	BAD("+2147483648", EINVAL),
	BAD("-2147483648", EINVAL),
	BAD("-4294967295", EINVAL),
	BAD("tree 2147483648", EINVAL),
	BAD("tree 4294967297", EINVAL),

	/* within bounds, but of no process */
	BAD("2147483647", ESRCH),
	BAD("+2147483647", ESRCH),
	BAD("tree 2147483647", ESRCH),
	BAD("4194303", ESRCH),			/* the last possible one */
	BAD("4194304", ESRCH),			/* the first impossible one */
	BAD("4194305", ESRCH),
	BAD("0002000000000", ESRCH),
	BAD("$z", ESRCH),
	BAD("+$z", ESRCH),
	BAD("tree $z", ESRCH),
	BAD("$z $p", ESRCH),

	/* not registered, whether it lives or not */
	BAD("-$p", ENOENT),
	BAD("-$t", ENOENT),
	BAD("-$s", ENOENT),
	BAD("-$z", ENOENT),
	BAD("-1", ENOENT),
	BAD("-2", ENOENT),
	BAD("-0000$p", ENOENT),
	BAD("-2147483647", ENOENT),
	BAD("-4194304", ENOENT),
	BAD("-$p $p", ENOENT),

	/* tree */
	BAD("tree", EINVAL),
	BAD("tree\n", EINVAL),
	BAD("tree \n", EINVAL),
	BAD(" tree \n ", EINVAL),
	BAD("tree tree", EINVAL),
	BAD("tree tree $p", EINVAL),
	BAD("tree --$p", EINVAL),
	BAD("tree 99999999999999999999", EINVAL),
	BAD("tree $px", EINVAL),
	BAD("tree x", EINVAL),
	BAD("tree -$p", EINVAL),
	BAD("tree +$p", EINVAL),
	BAD("tree - $p", EINVAL),
	BAD("tree+$p", EINVAL),
	BAD("tree$p", EINVAL),
	BAD("tree=$p", EINVAL),
	BAD("tree:$p", EINVAL),
	BAD("tree: $p", EINVAL),
	BAD("tree,$p", EINVAL),
	BAD("tree/$p", EINVAL),
	BAD("treee $p", EINVAL),
	BAD("trees $p", EINVAL),
	BAD("tre $p", EINVAL),
	BAD("Tree $p", EINVAL),
	BAD("TREE $p", EINVAL),
	BAD("+tree $p", EINVAL),
	BAD("-tree $p", EINVAL),
	BAD("--tree $p", EINVAL),
	BAD("untree $p", EINVAL),
	BAD("notree $p", EINVAL),
	BAD("eert $p", EINVAL),
	BAD("tree 1.0", EINVAL),
	BAD("tree 0x1", EINVAL),
	BAD("tree '$p'", EINVAL),
	BAD("tree\r$p", EINVAL),
	BAD("tree\v$p", EINVAL),
	BAD("tree /", EINVAL),
	BAD("tree *", EINVAL),

	/* interval: no word of status; a session takes whole milliseconds */
	ONE("interval 1000", EINVAL, 0),
	ONE("interval 10", EINVAL, 0),
	ONE("interval 3600000", EINVAL, 0),
	ONE("interval 0100", EINVAL, 0),
	ONE("interval\n100", EINVAL, 0),
	BAD("interval", EINVAL),
	ONE("interval ", EINVAL, 0),		/* the next write has the number */
	BAD("interval\n", EINVAL),
	BAD("interval interval", EINVAL),
	BAD("interval interval 100", EINVAL),
	BAD("interval x", EINVAL),
	BAD("interval 0", EINVAL),
	BAD("interval 1", EINVAL),
	BAD("interval 9", EINVAL),
	BAD("interval 3600001", EINVAL),
	BAD("interval 2147483647", EINVAL),
	BAD("interval 2147483748", EINVAL),		/* 2^31 and 100 */
	BAD("interval 4294967396", EINVAL),		/* 2^32 and 100 */
	BAD("interval 18446744073709551716", EINVAL),	/* 2^64 and 100 */
	BAD("interval -1", EINVAL),
	BAD("interval -100", EINVAL),
	BAD("interval +100", EINVAL),
	BAD("interval 100ms", EINVAL),
	BAD("interval 5s", EINVAL),
	BAD("interval 1e3", EINVAL),
	BAD("interval 0x64", EINVAL),
	BAD("interval 100.0", EINVAL),
	BAD("interval 100,5", EINVAL),
	BAD("interval=100", EINVAL),
	BAD("interval:100", EINVAL),
	BAD("interval100", EINVAL),
	BAD("interval_ms 100", EINVAL),
	BAD("interval_ms=100", EINVAL),
	BAD("Interval 100", EINVAL),
	BAD("intervals 100", EINVAL),
	BAD("interva 100", EINVAL),
	BAD("+interval 100", EINVAL),
	BAD("-interval 100", EINVAL),
	BAD("interval tree 100", EINVAL),
	BAD("tree interval 100", EINVAL),

	/* words of other interfaces */
	BAD("add $p", EINVAL),
	BAD("del $p", EINVAL),
	BAD("pid $p", EINVAL),
	BAD("remove", EINVAL),
	BAD("clear", EINVAL),
	BAD("reset", EINVAL),
	BAD("flush", EINVAL),
	BAD("all", EINVAL),
	BAD("*", EINVAL),
	BAD("-*", EINVAL),
	BAD("self", EINVAL),
	BAD("root", EINVAL),
	BAD("status", EINVAL),
	BAD("exit", EINVAL),
	BAD("lost 1 2 3", EINVAL),
	BAD("help", EINVAL),
	BAD("--help", EINVAL),
	BAD("max_per_user=1", EINVAL),

	/*
	 * a word has at most 31 bytes, and a last word may wait in at most 512
	 */
	BAD("${1*32}", EINVAL),
	BAD("${0*31}$p", EINVAL),
	BAD("${0*32}$p", EINVAL),
	BAD("+${0*31}$p", EINVAL),
	BAD("-${0*31}$p", EINVAL),
	BAD("${x*31}", EINVAL),
	BAD("${x*32}", EINVAL),
	BAD("${x*511}", EINVAL),
	BAD("${x*512}", EINVAL),
	BAD("${1*513}", EINVAL),
	BAD("${1*4095}", EINVAL),
	BAD("${1*4096}", EINVAL),
	BAD("${1*4097}", EINVAL),
	BAD("${x*9000}", EINVAL),
	BAD("${\0*600}", EINVAL),
	BAD("tree${ *30}$p", EINVAL),
	BAD("tree${ *600}$p", EINVAL),
	BAD("tree${ *5000}$p", EINVAL),
	BAD("${ *600}x ", EINVAL),
	BAD("${ *4090}$p\0 ", EINVAL),

	/*
	 * looks bad, but is accepted: numbers are decimal, and blanks are free
	 */
	FINE(""),
	FINE("$p"),
	FINE(" $p "),
	FINE("\n$p\n"),
	FINE("\t\t$p\t"),
	FINE("000$p"),
	FINE("+000$p"),
	FINE("+$p"),
	FINE("$t"),
	FINE("+$t"),
	FINE("tree $p"),
	FINE("tree $t"),
	FINE("tree 000$p"),
	FINE("tree\n$p"),
	FINE("tree\t \n$p"),
	FINE("tree "),				/* the next write has the number */
	FINE("$p $p +$p tree $p tree $t"),
	FINE("$p -$p"),
	FINE("$p -$t"),
	FINE("$p -000$p $p"),
	FINE("${ *511}$p"),
	FINE("${ *509}$p "),
	FINE("$p${ *600}"),

	/* the rest of a write */
	PART("$p ", "nonsense", EINVAL),
	PART("$p ", "0", EINVAL),
	PART("$p ", "-", EINVAL),
	PART("$p ", "$px", EINVAL),
	PART("$p ", "$q", EINVAL),
	PART("$p ", "$p\r\n", EINVAL),
	PART("$p\n", "\0", EINVAL),
	PART(" $p\t\t", "+-1", EINVAL),
	PART("+$p\n\n", "- 1", EINVAL),
	PART("$p ", "2147483647", ESRCH),
	PART("$p ", "$z ", ESRCH),
	PART("$p ", "-$s", ENOENT),
	PART("$p -$p ", "-$p", ENOENT),
	PART("tree $p ", "tree", EINVAL),
	PART("tree $p ", "tree 0", EINVAL),
	PART("tree $p ", "tree $z", ESRCH),
	PART("$p ", "interval 1", EINVAL),
	PART("$p ", "${1*32}", EINVAL),
	PART("$p ", "${x*600}", EINVAL),
	PART("$p${ *600}", "x ", EINVAL),
	PART("$p${ *600}", "$z\n", ESRCH),
};

/* As user 1000, with root's $p: results of rights and quotas. */
static const struct input users[] = {
	BAD("tree $p", EPERM),
	BAD("tree $t", EPERM),
	BAD("tree 1", EPERM),
	BAD("tree 0000$p", EPERM),
	BAD("tree $z", ESRCH),
	BAD("-$p", ENOENT),
	BAD("interval 10", EINVAL),
	BAD("interval 99", EINVAL),
	ONE("interval 100", EINVAL, 0),
	FINE("$p"),
	FINE("$p -$p"),
	PART("$p ", "tree $p", EPERM),
};

static pid_t p, t, z;
static char data[10000];
static int wrong;

static int number(char *out, char of)
{
	switch (of) {
	case 't':
		return sprintf(out, "%d", t);
	case 'z':
		return sprintf(out, "%d", z);
	case 's':
		return sprintf(out, "%d", getpid());
	case 'q':
		return sprintf(out, "%llu", (1ULL << 32) + p);
	case 'r':	/* 2^64 is 18446744073709551616 */
		return sprintf(out, "184467440737095%d", 51616 + p);
	case 'm':
		return sprintf(out, "%llu", (1ULL << 31) + p);
	case 'n':
		return sprintf(out, "%llu", (1ULL << 32) - p);
	}
	return sprintf(out, "%d", p);
}

/* Return: the length of the result. */
static size_t expand(char *out, const char *text, size_t len)
{
	const char *end = text + len;
	size_t n = 0, times;

	while (text < end) {
		if (*text != '$') {
			out[n++] = *text++;
		} else if (text[1] != '{') {
			n += number(out + n, text[1]);
			text += 2;
		} else {
			times = strtoul(text + 4, NULL, 10);
			memset(out + n, text[2], times);
			n += times;
			text = (const char *)memchr(text, '}', end - text) + 1;
		}
	}
	return n;
}

static int put_data(int fd, const char *text, size_t len)
{
	ssize_t n = write(fd, text, len);

	return n < 0 ? -errno : n;
}

static void check(const char *name, const struct input *in, int seen, int want)
{
	if (seen == want)
		return;
	wrong++;
	note("%s: \"%s%s\" gives %d instead of %d", name, in->text,
	     in->rest ?: "", seen, want);
}

/* Writes both at once, and then the rest, as the writer would. */
static void try_rest(int fd, const char *name, const struct input *in, int err)
{
	size_t done = expand(data, in->text, in->len), len = done;

	len += expand(data + len, in->rest, in->rest_len);
	check(name, in, put_data(fd, data, len), done);
	check(name, in, put_data(fd, data + done, len - done), -err);
}

static void try_on(int fd, const char *name, const struct input *in, int err)
{
	size_t len;

	if (in->rest) {
		try_rest(fd, name, in, err);
		return;
	}
	len = expand(data, in->text, in->len);
	check(name, in, put_data(fd, data, len), err ? -err : (int)len);
}

static void try_input(const struct input *in)
{
	int status = open_status(), session;
	char c;

	session = open(SESSION, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(session >= 0);
	try_on(status, "status", in, in->status);
	try_on(session, "session", in, in->session);
	if (in->status && !in->rest)
		expect(!*slurp(STATUS), "\"%s\" did something: %s", in->text,
		       slurp(STATUS));
	/* At the end of file, the word would have registered a process. */
	if (in->session && !in->rest)
		expect(read(session, &c, 1) < 0 && errno == EAGAIN,
		       "\"%s\" did something in a session", in->text);
	put(status, "-%d ", p);
	close(status);
	close(session);
	expect(!*slurp(STATUS), "\"%s\": left over: %s", in->text,
	       slurp(STATUS));
}

static void try_inputs(const struct input *in, size_t count)
{
	for (size_t i = 0; i < count; i++)
		try_input(&in[i]);
	note("bad inputs: %zu", 2 * count);
	expect(!wrong, "%d of them", wrong);
}

static void *wait_here(void *tid)
{
	*(volatile pid_t *)tid = gettid();
	sleep_forever();
}

static void run_threads(void *tid)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, wait_here, tid));
	sleep_forever();
}

static void make_processes(void)
{
	volatile pid_t *tid = share(sizeof(*tid));

	z = sleeper();
	end(z);
	wait_until(write_errno("%d", z) == ESRCH, 5000, "%d is there", z);
	p = child(run_threads, (void *)tid);
	wait_until(*tid, 10000, "no thread");
	t = *tid;
}

TEST(corpus_words, "each bad word, written to status and to a session, gives its errno",
     .params = "interval_ms=3600000")
{
	make_processes();
	try_inputs(inputs, sizeof(inputs) / sizeof(*inputs));
}

static void try_users(void *arg)
{
	try_inputs(users, sizeof(users) / sizeof(*users));
}

TEST(corpus_users, "each word without the right gives its errno",
     .params = "interval_ms=3600000")
{
	make_processes();
	in_user(1000, try_users, NULL);
}
