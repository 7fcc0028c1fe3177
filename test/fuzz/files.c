// SPDX-License-Identifier: MIT
/* Operations of the fuzzer on its files. */
#include <sys/mman.h>

#include "fuzz.h"

/* --- opening, closing --- */

static const char *const paths[] = { STATUS, STAT, SESSION };

static struct file *some_file(void)
{
	return file_count ? &files[fuzz_rnd(file_count)] : NULL;
}

void op_open(void)
{
	struct file *f = &files[file_count];
	int flags = O_RDWR | O_CLOEXEC;

	if (file_count == FILES)
		return;
	*f = (struct file){ .kind = fuzz_rnd(5) / 2, .user = fuzz_rnd(USERS),
			    .seen = -1 };
	if (f->kind == F_STAT || (f->kind == F_STATUS && !fuzz_rnd(4)))
		flags = O_RDONLY | O_CLOEXEC;
	if (f->kind == F_SESSION)
		flags |= O_NONBLOCK;
	f->writable = flags & O_RDWR;
	fuzz_say("open %s as %u: file %d", paths[f->kind], fuzz_uids[f->user],
	    file_count);
	fuzz_become(f->user);
	f->fd = open(paths[f->kind], flags);
	fuzz_become(ROOT);
	if (f->fd < 0)
		mismatch("open: %s", strerror(errno));
	if (f->kind == F_SESSION)
		f->reg = calloc(1, sizeof(*f->reg));
	file_count++;
}

void op_close(void)
{
	struct file *f = some_file();

	if (!f)
		return;
	fuzz_say("close file %d", (int)(f - files));
	close(f->fd);
	model_close(f);
}

/* --- writes --- */

/* The beginning of the data, in readable form. */
static const char *shown(const char *data, size_t len)
{
	static char text[80];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof(text) - 5; i++) {
		unsigned char c = data[i];

		if ((c > ' ' && c < 127 && c != '\\') ||
		    (c == ' ' && (!i || data[i - 1] != ' ')))
			text[n++] = c;
		else if (c != ' ')
			n += sprintf(text + n, "\\%03o", c);
	}
	text[n] = '\0';
	return text;
}

static long result(long n)
{
	return n < 0 ? -errno : n;
}

void fuzz_expect_written(struct file *f, const char *data, size_t len,
			 long seen)
{
	long want = model_write(f, data, len);

	if (!model_accepts(want, seen))
		mismatch("write returned %ld; not %ld", seen, want);
}

void op_write(void)
{
	static char data[DATA_MAX];
	struct file *f = some_file();
	size_t len;
	long n;

	if (!f || !f->writable)
		return;
	len = fuzz_words(f, data);
	fuzz_say("write %zu to file %d: \"%s\"", len, (int)(f - files),
	    shown(data, len));
	if (f->kind == F_STATUS && !fuzz_rnd(8))
		n = pwrite(f->fd, data, len, fuzz_rnd(100));
	else
		n = write(f->fd, data, len);
	fuzz_expect_written(f, data, len, result(n));
}

/* Writes from memory that ends within the data. */
void op_write_fault(void)
{
	static char *end, data[DATA_MAX];
	struct file *f = some_file();
	size_t len, there;
	long n;

	if (!f || !f->writable)
		return;
	if (!end) {
		end = mmap(NULL, 8 * 4096ul, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(end != MAP_FAILED);
		end += 4 * 4096ul;
		must(!mprotect(end, 4 * 4096ul, PROT_NONE));
	}
	len = fuzz_words(f, data);
	there = fuzz_rnd(len + 1);
	memcpy(end - there, data, there);
	fuzz_say("write %zu, %zu of them there, to file %d: \"%s\"", len, there,
	    (int)(f - files), shown(data, there));
	n = result(write(f->fd, end - there, len));
	/* Whether it looks at the byte behind a page is up to the module. */
	if (there < len && there <= URT_WRITE_MAX) {
		if (n != -EFAULT)
			mismatch("write returned %ld; not -EFAULT", n);
		return;
	}
	fuzz_expect_written(f, data, len, n);
}

/* --- reads --- */

static const size_t sizes[] = { 0, 1, 2, 7, 50, 61, 100, 200, 300, 5000 };

static void read_session(struct file *f, size_t count)
{
	char text[5000];
	long n;

	fuzz_say("read %zu of file %d", count, (int)(f - files));
	n = result(read(f->fd, text, count));
	check_session_read(f, text, n, count);
}

static void read_text(struct file *f, size_t count)
{
	bool there = fuzz_rnd(2);
	size_t at = there ? fuzz_rnd(fuzz_rnd(2) ? f->len + 9 : 1) : f->pos;
	char text[5000];
	long n, want = 0;

	fuzz_say("read %zu of file %d at %zu", count, (int)(f - files), at);
	n = result(there ? pread(f->fd, text, count, at) :
			   read(f->fd, text, count));
	if (count && (!at || !f->text))
		check_snapshot(f);
	if (f->text && at < f->len)
		want = f->len - at < count ? f->len - at : count;
	if (n != want || (n && memcmp(text, f->text + at, n)))
		mismatch("read %ld; not %ld: \"%.*s\"", n, want, (int)n, text);
	if (!there)
		f->pos += n;
}

void op_read(void)
{
	struct file *f = some_file();
	size_t count = sizes[fuzz_rnd(sizeof(sizes) / sizeof(*sizes))];

	if (!f)
		return;
	if (f->kind == F_SESSION)
		read_session(f, count);
	else
		read_text(f, count);
}

/* One byte identifies the line that it is from. */
void op_read_fault(void)
{
	struct file *f = some_file();
	char *volatile nothing = NULL;
	long n, want = 0;

	if (!f)
		return;
	fuzz_say("read into nothing of file %d", (int)(f - files));
	n = result(read(f->fd, nothing, 1));
	if (f->kind != F_SESSION) {
		if (!f->pos || !f->text)
			check_snapshot(f);
		want = f->pos < f->len ? -EFAULT : 0;
	} else if (model_line_waits(f)) {
		want = -EFAULT;
		if (f->rest.kind == END) {
			f->rest = model_take(f);
			f->part_len = 0;
		}
		f->room_known = false;
	} else if (!model_at_end(f)) {
		want = -EAGAIN;
	}
	if (n != want)
		mismatch("read %ld; not %ld", n, want);
}

void op_seek(void)
{
	struct file *f = some_file();
	long to = (long)fuzz_rnd(300) - 20, want, n;

	if (!f)
		return;
	fuzz_say("seek to %ld in file %d", to, (int)(f - files));
	n = result(lseek(f->fd, to, SEEK_SET));
	want = f->kind == F_SESSION ? -ESPIPE : to < 0 ? -EINVAL : to;
	if (n != want)
		mismatch("lseek %ld; not %ld", n, want);
	if (want >= 0)
		f->pos = to;
}

void op_map(void)
{
	struct file *f = some_file();

	if (!f || f->kind != F_SESSION)
		return;
	fuzz_say("map file %d", (int)(f - files));
	check_map(f);
}
