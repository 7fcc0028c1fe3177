// SPDX-License-Identifier: MIT
/* Random writes against a model of the registry. */
#include "lib.h"

#define PROCESSES 40
#define WRITES 100000
#define WORDS 6

static pid_t pids[PROCESSES];
static int order[PROCESSES], count;	/* the model: indices into pids */
static unsigned int seed;

static unsigned int rnd(unsigned int n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static int place(int who)
{
	int i;

	for (i = 0; i < count; i++) {
		if (order[i] == who)
			return i;
	}
	return -1;
}

/* What a word does to the model. Return: 0 or its errno. */
static int model_word(int kind, int who)
{
	int at;

	switch (kind) {
	case 0:
	case 1:
		if (place(who) < 0)
			order[count++] = who;
		return 0;
	case 2:
		at = place(who);
		if (at < 0)
			return ENOENT;
		memmove(order + at, order + at + 1,
			(--count - at) * sizeof(*order));
		return 0;
	case 3:
		return EINVAL;
	}
	return ESRCH;
}

static int random_word(char *text, int *kind, int *who)
{
	static const char *const junk[] = {
		"0", "-", "+", "x", "1e3", "0x5", "--4", "99999999999", "*",
		"\\", "\x80", "-0", "+-3", "pid",
	};

	*kind = rnd(20) < 17 ? rnd(3) : 3 + rnd(2);
	*who = rnd(PROCESSES);
	switch (*kind) {
	case 0:
		return sprintf(text, "%d", pids[*who]);
	case 1:
		return sprintf(text, "+%d", pids[*who]);
	case 2:
		return sprintf(text, "-%d", pids[*who]);
	case 3:
		return sprintf(text, "%s",
			       junk[rnd(sizeof(junk) / sizeof(*junk))]);
	}
	return sprintf(text, "%d", 4000000 + rnd(100000));
}

static int blanks(char *text, int least)
{
	int n = least + rnd(3), i;

	for (i = 0; i < n; i++)
		text[i] = " \t\n"[rnd(3)];
	return n;
}

/* One write; the model says what it returns. */
static void random_write(int fd)
{
	char text[999];
	int len = blanks(text, 0), words = 1 + rnd(WORDS), i, kind, who;
	int want = 0, seen, start, err = 0;

	for (i = 0; i < words; i++) {
		start = len;
		len += random_word(text + len, &kind, &who);
		if (!err) {
			err = model_word(kind, who);
			want = !err ? 0 : i ? start : -err;
		}
		len += blanks(text + len, 1);
	}
	if (!err)
		want = len;
	seen = write(fd, text, len);
	if (seen < 0)
		seen = -errno;
	text[len] = '\0';
	expect(seen == want, "%d instead of %d for \"%s\"", seen, want, text);
}

static void compare(int fd)
{
	char *text = slurp_fd(fd), *p = text;
	int i, nr, n;

	for (i = 0; i < count; i++) {
		expect(sscanf(p, "%d: %*u%n", &nr, &n) == 1 && p[n] == '\n' &&
		       nr == pids[order[i]], "line %d: %s", i, p);
		p += n + 1;
	}
	expect(!*p, "too much: %s", p);
	free(text);
}

TEST(fuzz_words, "after each of 100,000 random writes status is the model's",
     .params = "interval_ms=1000", .slow = true, .limit = 400)
{
	int fd = open_status(), i;

	seed = now_ns();
	note("seed %u", seed);
	for (i = 0; i < PROCESSES; i++)
		pids[i] = sleeper();
	for (i = 0; i < WRITES; i++) {
		random_write(fd);
		compare(fd);
	}
}

TEST(fuzz_bytes, "random bytes give EINVAL, ESRCH or ENOENT, and no more",
     .params = "interval_ms=1000", .slow = true)
{
	int fd = open_status(), i, j, len, n;
	char text[64];

	seed = now_ns();
	note("seed %u", seed);
	for (i = 0; i < 20000; i++) {
		len = 1 + rnd(sizeof(text));
		/* Half of them of what numbers are made of, but none is one. */
		for (j = 0; j < len; j++)
			text[j] = i % 2 ? (char)(128 + rnd(128)) : "+- \n\t0"[rnd(6)];
		n = write(fd, text, len);
		expect(n < 0 && (errno == EINVAL || errno == ESRCH ||
				 errno == ENOENT), "%d %s", n, strerror(errno));
	}
}
