// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that users write into our files.
 *
 * The module cuts a write into words. It looks each word up in the file's
 * table, parses all of it, and runs it. It does so in order until a word fails.
 * The result of write() then tells the writer how far it came. urt.h says how.
 */
#include "words.h"

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Most writes are a word or two. So few bytes are not worth an allocation. */
#define FEW 64

/* Words, and how far they are done. */
struct input {
	const char *at;		/* the word that is next, or that failed */
	const char *end;
	bool cut;		/* the end may be inside a word */
	unsigned int done;	/* number of words done */
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

/*
 * Accepts a number and nothing else. kstrtouint() alone would accept a sign.
 * The caller has checked the length.
 */
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

/*
 * Moves *p on to the word's number. Return: the word's entry in the table, or
 * NULL.
 */
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

/* Return: whether there is a newline among the blanks at @p. */
static bool line_ends(const char *p, const char *end)
{
	return memchr(p, '\n', skip_blanks(p, end) - p);
}

/*
 * A program without a buffer may write "tree " and the number one by one.
 * Return: whether the input ends with the blanks between the two, on one line.
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
 * Return: 1 when done, 0 if the input ends inside the word, or an error.
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

/* Return: 1 at the end of the input, 0 inside a word, or an error. */
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

/* Keeps the first piece of a word that a program writes in two. */
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
 * Runs @data. This has the word that was carried over, and what is taken of
 * this write. If the writer has more than one call takes, it has one byte more.
 * If this write is the rest of one that was cut, it ends where that one ended.
 * What follows a word that failed is not such a rest.
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

	/*
	 * A carried word that fails is gone. No program would write it again.
	 */
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
 * @words: what earlier writes to this file left
 * @table: the words that the file understands; ends where run is NULL
 * @ctx: for their run()
 * @buf: the written text, in user space
 * @count: its length in bytes
 *
 * Context: Process. The caller holds write_lock of the file or session. May
 * sleep.
 * Return: how many bytes are done: all, a page of them, or those before the
 * first word that failed. If that is the first word, its error is returned.
 * Errors are those of run(), -EINVAL for a word that is none or for no word at
 * all, -EFAULT and -ENOMEM.
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
 *
 * Context: Process. May sleep.
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
