// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that users write into our files.
 *
 * A write is cut into words, each is looked up in the file's table, parsed as a
 * whole and run, in order, until one fails. What write() returns then tells the
 * writer how far it came; urt.h says how.
 */
#include "words.h"

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Most writes are a word or two: so many bytes are not worth an allocation. */
#define FEW 64

/* Words, and how far they are done. */
struct input {
	const char *at;		/* the word that is next, or that failed */
	const char *end;
	bool cut;		/* the end need not be the end of a word */
	unsigned int done;	/* how many words */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static const char *skip_word(const char *p, const char *end)
{
	while (p < end && !is_blank(*p))
		p++;
	return p;
}

/* A number and nothing else; kstrtouint() alone would accept a sign. Not long. */
static int parse_number(const char *p, const char *end, unsigned int *number)
{
	char digits[URT_WORD_MAX + 1];
	size_t len = end - p;

	if (!len || *p < '0' || *p > '9' || memchr(p, '\0', len))
		return -EINVAL;
	memcpy(digits, p, len);
	digits[len] = '\0';
	if (kstrtouint(digits, 10, number) || !*number || *number > INT_MAX)
		return -EINVAL;
	return 0;
}

/* Return: the table's entry for a word, or NULL; *p moves on to its number. */
static const struct urt_word *look_up(const struct urt_word *table,
				      const char **p, const char *end)
{
	const char *first = skip_word(*p, end);
	const struct urt_word *word;
	size_t len;

	for (word = table; word->run; word++) {
		len = strlen(word->name);
		if (len) {
			if (first - *p == len && !memcmp(*p, word->name, len)) {
				*p = skip_blanks(first, end);
				return word;
			}
		} else if (word->sign && **p == word->sign) {
			(*p)++;
			return word;
		} else if (!word->sign && **p >= '0' && **p <= '9') {
			return word;
		}
	}
	return NULL;
}

/* Return: whether a newline stands among the blanks at *p. */
static bool line_ends(const char *p, const char *end)
{
	return memchr(p, '\n', skip_blanks(p, end) - p);
}

/*
 * A program without a buffer writes "tree " and the number one by one. Return:
 * whether the input ends with the blanks between the two, on one line.
 */
static bool wants_number(const struct input *input, const char *number)
{
	const char *name_end = skip_word(input->at, input->end);

	return number == input->end && name_end < number &&
	       !line_ends(name_end, number);
}

/*
 * Runs the word at input->at and moves on behind it.
 *
 * Return: 1 when done, 0 when the input ends inside the word, or an error.
 */
static int run_word(struct input *input, const struct urt_word *table, void *ctx)
{
	const char *p = input->at, *word_end;
	const struct urt_word *word;
	unsigned int number;
	int err;

	word = look_up(table, &p, input->end);
	word_end = skip_word(p, input->end);
	if (word_end == input->end && input->cut)
		return 0;
	if (word && wants_number(input, p))
		return 0;
	if (!word || word_end - input->at > URT_WORD_MAX)
		return -EINVAL;
	err = parse_number(p, word_end, &number);
	if (!err)
		err = word->run(ctx, number);
	if (err)
		return err;
	input->at = word_end;
	return 1;
}

/* Return: 1 at the end of the input, 0 inside the word at input->at, an error. */
static int run_words(struct input *input, const struct urt_word *table, void *ctx)
{
	int ret;

	for (;;) {
		input->at = skip_blanks(input->at, input->end);
		if (input->at == input->end)
			return 1;
		ret = run_word(input, table, ctx);
		if (ret <= 0)
			return ret;
		input->done++;
		cond_resched();
	}
}

/* Keeps the word that a program writes in two pieces. */
static int carry(struct urt_words *words, const struct input *input)
{
	size_t len = input->end - input->at;

	if (len > sizeof(words->carry))
		return -EINVAL;
	memcpy(words->carry, input->at, len);
	words->carried = len;
	words->line = !input->cut;
	return 0;
}

/*
 * Runs what is in @data: what was carried over, what is taken of this write, and
 * a byte more, if the writer has more than we take at once. If this write is the
 * rest of such a one, it ends where that ended. What follows a word that failed
 * is the rest of nothing.
 */
static ssize_t run_write(struct urt_words *words, const struct urt_word *table,
			 void *ctx, const char *data, size_t count)
{
	size_t taken = min_t(size_t, count, URT_WRITE_MAX);
	bool longer = count > taken, rest = count == words->left;
	const char *start = data + words->carried;
	const char *limit = start + taken;
	struct input input = {
		.at = data,
		/* A blank behind the limit says that the word is complete. */
		.end = limit + (longer && is_blank(*limit)),
		.cut = longer || rest || taken >= URT_CARRY_MIN,
	};
	bool ended = words->carried && words->line && line_ends(start, limit);
	int ret;

	/* A carried word that fails is gone: nobody would write it again. */
	words->carried = 0;
	words->left = 0;

	ret = ended ? -EINVAL : run_words(&input, table, ctx);
	words->did |= input.done;
	if (!ret && longer && input.at > start)
		taken = input.at - start;
	else if (!ret)
		ret = longer ? -EINVAL : carry(words, &input);
	else if (ret > 0 && !input.done && !longer && !rest && !words->did)
		ret = -EINVAL;
	if (ret < 0)
		return input.done ? input.at - start : ret;
	words->left = count - taken;
	return taken;
}

/**
 * urt_words_write() - do what a write says
 * @words: what earlier writes to this file left; the caller keeps others out
 * @table: the words that the file understands; ends where run is NULL
 * @ctx: for their run()
 * @buf: what is written, in user space
 * @count: and how many bytes of it
 *
 * Return: how many bytes are done: all, a page of them, or those before the
 * first word that failed; if that is the first one, its error. -EINVAL for what
 * is no word or holds none, -EFAULT, -ENOMEM.
 */
ssize_t urt_words_write(struct urt_words *words, const struct urt_word *table,
			void *ctx, const char __user *buf, size_t count)
{
	size_t size = min_t(size_t, count, URT_WRITE_MAX + 1);
	char few[FEW], *data = few;
	ssize_t ret;

	if (!count)
		return 0;
	if (words->carried + size > sizeof(few))
		data = kmalloc(words->carried + size, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	memcpy(data, words->carry, words->carried);
	if (copy_from_user(data + words->carried, buf, size))
		ret = -EFAULT;
	else
		ret = run_write(words, table, ctx, data, count);
	if (data != few)
		kfree(data);
	return ret;
}

/**
 * urt_words_close() - do what an unterminated last word says
 * @words: of a file that is being closed
 * @table: as for urt_words_write()
 * @ctx: as for urt_words_write()
 */
void urt_words_close(struct urt_words *words, const struct urt_word *table,
		     void *ctx)
{
	struct input input = {
		.at = words->carry,
		.end = words->carry + words->carried,
	};

	run_words(&input, table, ctx);
}
