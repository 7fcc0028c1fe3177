// SPDX-License-Identifier: MIT
/*
 * The text that the fuzzer writes: mostly words, some broken or cut, some none.
 */
#include "fuzz.h"

/* Bytes that belong to no word, with a NUL among them. */
static const char *const junk[] = {
	"0", "-", "+", "x", "1e3", "0x5", "--4", "99999999999", "*", "\\",
	"\x80", "-0", "+0", "+-3", "pid", "2147483647", "2147483648",
	"4294967297", "18446744073709551617", "tree", "tree 0", "tree -1",
	"tree tree", "interval", "interval 9", "interval 10", "interval 99",
	"interval 100", "interval 3600000", "interval 3600001", "interval +100",
	"Tree 1", "intervals 100", "1\r", "1\v2", "#",
	"00000000000000000000000000001",
	"0000000000000000000000000000001", "00000000000000000000000000000001",
	"+000000000000000000000000000001", "+0000000000000000000000000000001",
	"tree                         1", "tree                          1",
	"tree                           1", "\xc2\xa0", "1,2", "1;2",
};

static const size_t sizes[] = {
	510, 511, 512, 513, 600, 4094, 4095, 4096, 4097, 4098, 4200, 8191, 8192,
	8193, 9000,
};

#define OF(array) ((array)[fuzz_rnd(sizeof(array) / sizeof(*(array)))])

static unsigned int some_number(const struct file *f)
{
	const struct registry *reg = f->reg ? f->reg : &system_registry;
	const struct proc *p = living[fuzz_rnd(living_count)];

	switch (fuzz_rnd(16)) {
	case 0:
	case 1:
		if (p->threads)
			return p->tids[fuzz_rnd(p->threads)];
		break;
	case 2:
	case 3:
	case 4:
		if (reg->count)
			return reg->entries[fuzz_rnd(reg->count)].proc->pid;
		break;
	case 5:
		return fuzz_rnd(64);
	case 6:
		return fuzz_rnd(0xffffffff) >> fuzz_rnd(31);
	}
	/*
	 * Seldom ourselves, because a tree of all processes leaves nothing to
	 * do.
	 */
	if (p == driver && fuzz_rnd(8))
		p = living[living_count - 1];
	return p->pid;
}

static int word(const struct file *f, char *out)
{
	switch (fuzz_rnd(20)) {
	case 0:
		return sprintf(out, "%s", OF(junk));
	case 1:
	case 2:
		return sprintf(out, "tree%*s%u", 1 + (int)fuzz_rnd(3), "",
			       some_number(f));
	case 3:
		return sprintf(out, "interval %u", fuzz_rnd(2) ?
			       fuzz_rnd(200) : fuzz_rnd(4000000));
	case 4:
	case 5:
		return sprintf(out, "+%u", some_number(f));
	case 6:
		return sprintf(out, "%.*u", 1 + (int)fuzz_rnd(34),
			       some_number(f));
	case 7:
	case 8:
	case 9:
	case 10:
	case 11:
	case 12:
		return sprintf(out, "-%u", some_number(f));
	}
	return sprintf(out, "%u", some_number(f));
}

static size_t blanks(char *out, size_t least)
{
	size_t n = least + (fuzz_rnd(4) ? 0 : fuzz_rnd(3));

	for (size_t i = 0; i < n; i++)
		out[i] = fuzz_rnd(6) ? ' ' : "\n\t"[fuzz_rnd(2)];
	return n;
}

static size_t few_words(const struct file *f, char *data)
{
	size_t len = blanks(data, 0);
	int n = 1 + (fuzz_rnd(3) ? 0 : fuzz_rnd(4));

	while (n--) {
		len += word(f, data + len);
		len += blanks(data + len, n ? 1 : fuzz_rnd(2));
	}
	return len;
}

/* Puts words here and there, and where the write is cut. */
static size_t long_write(const struct file *f, char *data, size_t size)
{
	static char some[256];
	size_t at, len, n = fuzz_rnd(3);

	memset(data, " \n"[fuzz_rnd(2)], size);
	while (n--) {
		len = few_words(f, some);
		at = fuzz_rnd(size);
		memcpy(data + at, some, len < size - at ? len : size - at);
	}
	for (n = 0; n < 2; n++) {
		len = word(f, some);
		at = n ? size : URT_WRITE_MAX;
		at -= fuzz_rnd(len + 3);
		if (at <= size)
			memcpy(data + at, some,
			       len < size - at ? len : size - at);
	}
	return size;
}

static size_t bytes(char *data)
{
	size_t len = fuzz_rnd(40);

	for (size_t i = 0; i < len; i++)
		data[i] = fuzz_rnd(3) ? "0123456789+- \n\ttreeinterval"
					[fuzz_rnd(27)] : (int)fuzz_rnd(256);
	return len;
}

static void spoil(char *data, size_t len)
{
	if (len)
		data[fuzz_rnd(len)] = "\0-+ 0x\r\x80\n9"[fuzz_rnd(10)];
}

size_t fuzz_words(const struct file *f, char *data)
{
	size_t len;

	switch (fuzz_rnd(32)) {
	case 0:
		len = bytes(data);
		break;
	case 1:
		len = long_write(f, data, OF(sizes));
		break;
	case 2:
	case 3:
		if (f->left && f->left <= DATA_MAX) {
			len = long_write(f, data, f->left);
			break;
		}
		/* fallthrough */
	default:
		len = few_words(f, data);
	}
	if (!fuzz_rnd(24))
		spoil(data, len);
	return len;
}
