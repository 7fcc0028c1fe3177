// SPDX-License-Identifier: MIT
/* Words that can be written to status. */
#include <sys/mman.h>
#include <sys/uio.h>

#include "lib.h"

TEST(word_plain, "a registered process is listed at once, as \"PID: MS\"")
{
	pid_t pid = sleeper();
	unsigned int ms;
	char want[64], *seen;

	registers("%d", pid);
	seen = slurp(STATUS);
	expect(sscanf(seen, "%*d: %u", &ms) == 1, "\"%s\"", seen);
	snprintf(want, sizeof(want), "%d: %u\n", pid, ms);
	expect(!strcmp(seen, want), "\"%s\" instead of \"%s\"", seen, want);
	expect(ms < 1000, "a process that did nothing: %s", seen);
}

TEST(word_order, "processes are listed in the order of registration",
     .params = "interval_ms=5000")
{
	pid_t a = sleeper(), b = sleeper(), c = sleeper();
	int x, y, z, n = -1;
	char *seen;

	registers("%d\n%d\t%d ", c, a, b);
	seen = slurp(STATUS);
	expect(sscanf(seen, "%d: %*u\n%d: %*u\n%d: %*u\n%n", &x, &y, &z,
		      &n) == 3 && n == (int)strlen(seen) && x == c && y == a &&
	       z == b, "\"%s\" instead of %d %d %d", seen, c, a, b);
}

static void fork_one(void *pid)
{
	pid_t forked = sleeper();

	*(volatile pid_t *)pid = forked;
	sleep_forever();
}

TEST(word_order_fork, "a forked member stands in the list before later registrations",
     .params = "interval_ms=5000")
{
	volatile pid_t *forked = share(sizeof(*forked));
	pid_t root = stopped(fork_one, (void *)forked), later = sleeper();
	int x, y, z;
	char *seen;

	registers("tree %d", root);
	kill(root, SIGCONT);
	wait_until(*forked, 10000, "it does not fork");
	registers("%d", later);
	seen = slurp(STATUS);
	expect(sscanf(seen, "%d: %*u\n%d: %*u\n%d: %*u\n", &x, &y, &z) == 3 &&
	       x == root && y == *forked && z == later,
	       "\"%s\" instead of %d %d %d", seen, root, *forked, later);
}

TEST(word_lost_now, "a child that could not be registered counts as lost at once",
     .params = "interval_ms=3600000 max_processes=1")
{
	volatile pid_t *forked = share(sizeof(*forked));
	pid_t root = stopped(fork_one, (void *)forked);

	registers("tree %d", root);
	expect(!stat_header().lost, "%s", slurp(STAT));
	kill(root, SIGCONT);
	wait_until(*forked, 10000, "it does not fork");
	expect(stat_header().lost == 1, "%s", slurp(STAT));
}

TEST(word_again, "registering a process again changes nothing and is no error",
     .params = "interval_ms=5000")
{
	pid_t a = sleeper(), b = sleeper();
	char *once, *twice;

	registers("%d %d", a, b);
	once = slurp(STATUS);
	registers("%d +%d %d", a, a, a);
	twice = slurp(STATUS);
	expect(!strcmp(once, twice), "\"%s\" became \"%s\"", once, twice);
}

TEST(word_plus_minus, "+PID registers, -PID unregisters that one process")
{
	pid_t a = sleeper(), b = sleeper();

	registers("+%d +%d", a, b);
	expect(listed(a, NULL) && listed(b, NULL), "%s", slurp(STATUS));
	registers("-%d", a);
	expect(!listed(a, NULL) && listed(b, NULL), "%s", slurp(STATUS));
	registers("-%d %d", b, a);
	expect(listed(a, NULL) && !listed(b, NULL), "%s", slurp(STATUS));
}

TEST(word_partial, "a write ends before the first word that fails")
{
	pid_t a = sleeper(), b = sleeper();
	int fd = open_status(), n;
	char text[99];

	snprintf(text, sizeof(text), " %d\n", a);
	n = put(fd, "%snonsense %d", text, b);
	expect(n == (int)strlen(text), "%d", n);
	expect(listed(a, NULL) && !listed(b, NULL), "%s", slurp(STATUS));
	n = put(fd, "nonsense %d", b);
	expect(n == -EINVAL, "the rest of it: %d", n);
	expect(!listed(b, NULL), "%s", slurp(STATUS));
}

TEST(word_partial_last, "a write ends before a last word that fails")
{
	pid_t pid = sleeper();
	int fd = open_status(), n;
	char text[99];

	snprintf(text, sizeof(text), "%d ", pid);
	n = put(fd, "%snonsense", text);
	expect(n == (int)strlen(text), "%d", n);
	n = put(fd, "nonsense");
	expect(n == -EINVAL, "the rest of it: %d", n);
}

TEST(word_partial_other, "a word written after a partial write is done at once")
{
	pid_t a = sleeper(), b = sleeper();
	int fd = open_status(), n;
	char text[99];

	snprintf(text, sizeof(text), "%d", b);
	must(put(fd, "%d %.*s", a, (int)strlen(text), "nonsense") > 0);
	n = put(fd, "%s", text);
	expect(n == (int)strlen(text) && listed(b, NULL), "%d: %s", n,
	       slurp(STATUS));
}

TEST(word_grammar, "a word that is no number of a process is EINVAL")
{
	static const char *const bad[] = {
		"0", "+0", "-0", "-", "+", "++1", "+-1", "-+1", "--1", "1x",
		"x1", "1.0", "1,1", "0x1", "2147483648", "4294967297",
		"99999999999999999999", "tree", "status", " ", "\n", "\t \n",
		"1\r", "1\v", "\"1\"", "+ 1", "- 1",
	};
	int fd = open_status();
	size_t i;
	int err;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = put(fd, "%s", bad[i]);
		expect(err == -EINVAL, "\"%s\" gives %d", bad[i], err);
	}
	expect(write(fd, "1\0", 2) < 0 && errno == EINVAL, "1 and a NUL");
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
}

TEST(word_none, "a write of no bytes does nothing and returns 0")
{
	expect(write(open_status(), "", 0) == 0, "%s", strerror(errno));
}

TEST(word_no_process, "a number of no process is ESRCH")
{
	pid_t gone = sleeper();
	int err;

	end(gone);
	wait_until((err = write_errno("%d", gone)) == ESRCH, 1000, "%d", err);
	err = write_errno("2147483647");
	expect(err == ESRCH, "INT_MAX gives %d", err);
	err = write_errno("4194304");
	expect(err == ESRCH, "4194304 gives %d", err);
}

TEST(word_not_registered, "-PID of a process that is not registered is ENOENT")
{
	pid_t pid = sleeper();

	expect(write_errno("-%d", pid) == ENOENT, "living, never registered");
	registers("%d -%d", pid, pid);
	expect(write_errno("-%d", pid) == ENOENT, "unregistered before");
	expect(write_errno("-2147483647") == ENOENT, "no such process");
}

TEST(word_bad_memory, "a buffer that cannot be read is EFAULT")
{
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	expect(write(open_status(), none, 10) < 0 && errno == EFAULT,
	       "%s", strerror(errno));
}

/* A page of blanks, then the number, up to and with byte last. */
static void page_with(char *page, size_t size, size_t last, pid_t pid)
{
	char nr[12];
	int len = snprintf(nr, sizeof(nr), "%d", pid);

	memset(page, ' ', size);
	memcpy(page + last + 1 - len, nr, len);
}

TEST(word_page, "a write takes one page, and a word cut there is left to the next")
{
	pid_t a = sleeper(), b = sleeper();
	char page[6000], nr[12];
	int fd = open_status(), n, len = snprintf(nr, sizeof(nr), "%d", a);

	page_with(page, sizeof(page), 4100, a);
	memcpy(page, nr, len);
	n = write(fd, page, sizeof(page));
	expect(n == 4096, "blanks at the limit: %d", n);

	page_with(page, sizeof(page), 4096, b);
	memcpy(page, nr, len);
	n = write(fd, page, sizeof(page));
	expect(n == 4097 - snprintf(nr, sizeof(nr), "%d", b), "cut: %d", n);
	expect(!listed(b, NULL), "half a number was taken");
	n = write(fd, page + n, sizeof(page) - n);
	expect(n > 0 && listed(b, NULL), "the rest: %d %s", n, slurp(STATUS));
}

TEST(word_page_end, "a word that ends with the page is taken")
{
	pid_t a = sleeper();
	char page[4097];
	int fd = open_status(), n;

	page_with(page, sizeof(page), 4095, a);
	n = write(fd, page, sizeof(page));
	expect(n == 4096 && listed(a, NULL), "%d: %s", n, slurp(STATUS));
	n = write(fd, page + n, 1);
	expect(n == 1, "the blank behind it: %d", n);
}

TEST(word_too_long, "a word longer than a page is EINVAL")
{
	char page[9000];

	memset(page, '1', sizeof(page));
	expect(write(open_status(), page, sizeof(page)) < 0 && errno == EINVAL,
	       "%s", strerror(errno));
}

TEST(word_longest, "a word of 31 bytes is the longest, sign and tree included")
{
	pid_t pid = sleeper();
	int fd = open_status(), n;

	n = put(fd, "%031d", pid);
	expect(n == 31 && listed(pid, NULL), "31 digits: %d", n);
	n = put(fd, "-%030d", pid);
	expect(n == 31 && !listed(pid, NULL), "- and 30 digits: %d", n);
	n = put(fd, "tree %026d", pid);
	expect(n == 31 && listed(pid, NULL), "tree and 26 digits: %d", n);
	n = put(fd, "%032d", pid);
	expect(n == -EINVAL, "32 digits: %d", n);
	n = put(fd, "+%031d", pid);
	expect(n == -EINVAL, "+ and 31 digits: %d", n);
	n = put(fd, "-%031d", pid);
	expect(n == -EINVAL, "- and 31 digits: %d", n);
	n = put(fd, "tree %027d", pid);
	expect(n == -EINVAL, "tree and 27 digits: %d", n);
	n = put(fd, "tree%28d", pid);
	expect(n == -EINVAL, "tree and many blanks: %d", n);
}

TEST(word_buffered, "a number that a program's buffer cuts in two stays whole")
{
	pid_t pids[400];
	FILE *f;
	int i;

	for (i = 0; i < 400; i++)
		pids[i] = sleeper();
	f = fopen(STATUS, "w");
	must(f);
	for (i = 0; i < 400; i++)
		fprintf(f, "%s%d", i ? "\n" : "", pids[i]);
	expect(!fclose(f), "%s", strerror(errno));
	for (i = 0; i < 400; i++)
		expect(listed(pids[i], NULL), "%d is missing", pids[i]);
	expect(stat_header().processes == 400, "%s", slurp(STAT));
}

/* Writes 600 bytes that end in the first half of @pid. */
static int write_half(pid_t pid, char **rest)
{
	static char nr[12];
	int fd = open_status(), len = snprintf(nr, sizeof(nr), "%d", pid), n;
	char page[600];

	memset(page, '\n', sizeof(page));
	memcpy(page + sizeof(page) - len / 2, nr, len / 2);
	n = write(fd, page, sizeof(page));
	expect(n == sizeof(page), "%d", n);
	*rest = nr + len / 2;
	return fd;
}

TEST(word_carried, "an unterminated word of a long write waits for the next")
{
	pid_t pid = sleeper();
	char *rest;
	int fd = write_half(pid, &rest), n;

	expect(!*slurp(STATUS), "%s", slurp(STATUS));
	n = put(fd, "%s\n", rest);
	expect(n == (int)strlen(rest) + 1, "%d", n);
	expect(listed(pid, NULL), "%s", slurp(STATUS));
}

TEST(word_carried_close, "an unterminated word of a long write waits for the close of the file")
{
	pid_t pid = sleeper();
	char page[600], nr[12];
	int fd = open_status(), len = snprintf(nr, sizeof(nr), "%d", pid);

	memset(page, '\n', sizeof(page));
	memcpy(page + sizeof(page) - len, nr, len);
	must(write(fd, page, sizeof(page)) == sizeof(page));
	expect(!listed(pid, NULL), "%s", slurp(STATUS));
	close(fd);
	expect(listed(pid, NULL), "%s", slurp(STATUS));
}

TEST(word_carried_error, "the error of a carried word comes from the write that completes it")
{
	pid_t pid = sleeper();
	char *rest;
	int fd = write_half(pid, &rest), n;

	n = put(fd, "%sx %d", rest, pid);
	expect(n == -EINVAL, "%d", n);
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
	n = put(fd, "%d", pid);
	expect(n > 0 && listed(pid, NULL), "afterwards: %d", n);
}

/* Writes these pieces, each of which must be taken. */
static void in_pieces(int fd, const char *const pieces[])
{
	for (; *pieces; pieces++) {
		int n = put(fd, "%s", *pieces);

		expect(n == (int)strlen(*pieces), "\"%s\": %d", *pieces, n);
	}
}

static const char *digits(pid_t pid)
{
	static char nr[4][12];
	static int at;

	at = (at + 1) % 4;
	snprintf(nr[at], sizeof(nr[at]), "%d", pid);
	return nr[at];
}

TEST(word_pieces, "a program without a buffer may write the newline by itself")
{
	pid_t a = sleeper(), b = sleeper();
	int fd = open_status();

	in_pieces(fd, (const char *const[]){ digits(a), "\n", digits(b), "\n",
					     " \t\n", NULL });
	expect(listed(a, NULL) && listed(b, NULL), "%s", slurp(STATUS));
	expect(put(fd, "x") == -EINVAL, "a word that is none");
	in_pieces(fd, (const char *const[]){ "\n", NULL });
	expect(put(open_status(), "\n") == -EINVAL, "in another open file");
}

TEST(word_pieces_writev, "writev(2) may write a word in pieces, which procfs sees as several writes")
{
	pid_t a = sleeper(), b = sleeper();
	const char *x = digits(a), *y = digits(b);
	const struct iovec pieces[] = {
		{ (void *)"tree ", 5 }, { (void *)x, strlen(x) },
		{ (void *)"\n", 1 }, { (void *)y, strlen(y) },
		{ (void *)"\n", 1 },
	};
	ssize_t n = writev(open_status(), pieces, 5), want = 0;

	for (int i = 0; i < 5; i++)
		want += pieces[i].iov_len;
	expect(n == want, "%zd of %zd: %s", n, want, strerror(errno));
	expect(listed(a, NULL) && listed(b, NULL), "%s", slurp(STATUS));
}

static void fork_children(void *pids)
{
	volatile pid_t *forked = pids;
	pid_t pid;

	pid = sleeper();
	forked[0] = pid;
	pid = sleeper();
	forked[1] = pid;
	sleep_forever();
}

static bool all_listed(const volatile pid_t *pids, pid_t root)
{
	return listed(root, NULL) && listed(pids[0], NULL) &&
	       listed(pids[1], NULL);
}

TEST(word_pieces_tree, "a tree whose number comes with the next write is a tree",
     .params = "interval_ms=5000")
{
	volatile pid_t *pids = share(2 * sizeof(*pids));
	pid_t root = child(fork_children, (void *)pids), other = sleeper();
	int fd = open_status();

	wait_until(pids[1], 10000, "it does not fork");
	in_pieces(fd, (const char *const[]){ "tree ", digits(root), "\n", NULL });
	expect(all_listed(pids, root), "%s", slurp(STATUS));
	registers("-%d -%d -%d", root, pids[0], pids[1]);

	/*
	 * It stands behind another word, with more blanks, and with more text
	 * behind it.
	 */
	must(put(fd, "%d tree\t", other) > 0);
	must(put(fd, "  ") == 2);
	must(put(fd, "%d -%d\n", root, other) > 0);
	expect(all_listed(pids, root) && !listed(other, NULL), "%s",
	       slurp(STATUS));
}

TEST(word_pieces_line, "a newline, or a close, ends a word that waits for its number with EINVAL")
{
	pid_t pid = sleeper();
	int fd = open_status(), n;

	must(put(fd, "tree ") == 5);
	n = put(fd, "\n");
	expect(n == -EINVAL, "a newline: %d", n);
	expect(put(fd, "\n") == -EINVAL, "blanks after no word");
	must(put(fd, "tree ") == 5);
	n = put(fd, " \n%d\n", pid);
	expect(n == -EINVAL && !listed(pid, NULL), "%d: %s", n, slurp(STATUS));
	must(put(fd, "tree ") == 5);
	n = put(fd, "%27d", pid);
	expect(n == -EINVAL && !listed(pid, NULL), "too long: %d", n);
	must(put(fd, "tree ") == 5);
	close(fd);
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
}

/* Fills it with PIDs, one a line, as many as fit, then blanks. */
static void fill(char *text, size_t size, pid_t pid)
{
	char line[12];
	size_t i, len = snprintf(line, sizeof(line), "%d\n", pid);

	for (i = 0; i < size; i++)
		text[i] = i < size - size % len ? line[i % len] : ' ';
}

TEST(word_blocks, "numbers cut by blocks larger than a page stay whole")
{
	pid_t pid = sleeper();
	char block[8191];
	int fd = open_status(), n, done, off = 0, i;

	for (i = 0; i < 4; i++) {
		static char all[4 * sizeof(block)];

		fill(all, sizeof(all), pid);
		memcpy(block, all + off, sizeof(block));
		for (done = 0; done < (int)sizeof(block); done += n) {
			n = write(fd, block + done, sizeof(block) - done);
			expect(n > 0, "block %d, at %d: %s", i, done,
			       strerror(errno));
		}
		off += sizeof(block);
	}
	close(fd);
	expect(stat_header().processes == 1 && listed(pid, NULL), "%s",
	       slurp(STATUS));
}

TEST(word_blanks, "blanks may be more than a page, if a word follows")
{
	char page[5000];
	pid_t pid = sleeper();
	int fd = open_status(), n;

	page_with(page, sizeof(page), 4900, pid);
	n = write(fd, page, sizeof(page));
	expect(n == 4096, "%d", n);
	n = write(fd, page + n, sizeof(page) - n);
	expect(n == 904 && listed(pid, NULL), "%d", n);
}

TEST(word_position, "writing never moves the read position")
{
	pid_t pid = sleeper();
	int fd = open_status();
	char c[4] = "";

	registers("%d", pid);
	must(read(fd, c, 2) == 2);
	must(put(fd, "-%d %d", pid, pid) > 0);
	expect(lseek(fd, 0, SEEK_CUR) == 2, "at %jd",
	       (intmax_t)lseek(fd, 0, SEEK_CUR));
}
