// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/urt: the directory, and status and stat in it. session.c has session.
 *
 * Both files show the system registry. They differ in their format, and only
 * status can be written. An open file holds a reference on the module, so that
 * a sleeping poller never outlives the code that wakes it. When an entry is
 * removed, procfs waits for running calls, but not for pollers.
 */
#include "procfs.h"

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/uio.h>

#include "entry.h"
#include "opener.h"
#include "pace.h"
#include "print.h"
#include "quota.h"
#include "registry.h"
#include "session.h"
#include "tree.h"
#include "view.h"
#include "wake.h"
#include "words.h"

unsigned int urt_status_mode = 0666;

static struct urt_registry *registry;
static struct proc_dir_entry *directory;

/* An open file. */
struct urt_file {
	struct urt_opener who;
	struct urt_view *view;
	struct urt_waiters *waiters;	/* its pollers wait there */

	struct mutex read_lock;		/* never held while copying */
	struct urt_text *text;		/* read_lock; its snapshot */
	atomic64_t seen;		/* generation of text, or NEVER */

	struct mutex write_lock;	/* one write at a time */
	struct urt_words words;		/* write_lock */
};

#define NEVER (-1)

/* --- formats --- */

#define STATUS_LINE_MAX sizeof("2147483647: 18446744073709\n")

static char *status_line(char *end, struct urt_entry *entry,
			 const struct urt_opener *who, pid_t nr)
{
	char *p = end;

	*--p = '\n';
	p = urt_print_before(p, div_u64(entry->time.utime, NSEC_PER_MSEC));
	*--p = ' ';
	*--p = ':';
	return urt_print_before(p, nr);
}

static const char stat_columns[] =
	"pid ppid uid state threads utime_ns stime_ns start_ns runtime_ms";

/* The names of the columns, and the line before them. */
#define STAT_HEADER_MAX (sizeof(stat_columns) + 160)

static char *stat_header(char *end, const struct urt_registry *reg,
			 const struct urt_opener *who, unsigned int lines)
{
	char text[STAT_HEADER_MAX];
	int len;

	len = scnprintf(text, sizeof(text),
			"# generation=%llu time_ns=%llu interval_ms=%u processes=%u lost=%llu\n%s%s comm\n",
			(u64)atomic64_read(&reg->generation),
			reg->time_ns + who->boot_offset,
			urt_pace_interval(reg), lines,
			(u64)atomic64_read(&reg->missed), stat_columns,
			reg->precise_us ? " error_ns" : "");
	return memcpy(end - len, text, len);
}

/* Ten numbers of at most 20 digits, a letter, blanks, and the name. */
#define STAT_LINE_MAX (10 * 21 + 3 + URT_PRINT_COMM_MAX)

/* Nothing is known of how wrong the tick is for processes of other kinds. */
static char *print_error_before(char *end, struct urt_entry *entry)
{
	const struct urt_precise *precise = urt_entry_precise(entry);

	if (precise)
		return urt_print_columns_before(end, &precise->accuracy.error_ns, 1);
	*--end = '-';
	*--end = ' ';
	return end;
}

static char *stat_line(char *end, struct urt_entry *entry,
		       const struct urt_opener *who, pid_t nr)
{
	const struct urt_details *details = &entry->details;
	const u64 times[] = {
		entry->time.utime,
		entry->time.stime,
		entry->start_ns + who->boot_offset,
		div_u64(urt_entry_runtime(entry), NSEC_PER_MSEC),
	};
	u64 threads, ids[2];
	char *p = end;

	urt_entry_update_details(entry);
	threads = details->threads;
	ids[0] = pid_nr_ns(details->parent, who->pid_ns);
	ids[1] = from_kuid_munged(who->file->f_cred->user_ns, details->uid);

	*--p = '\n';
	p = urt_print_comm_before(p, details->comm);
	*--p = ' ';
	if (entry->registry->precise_us)
		p = print_error_before(p, entry);
	p = urt_print_columns_before(p, times, ARRAY_SIZE(times));
	p = urt_print_columns_before(p, &threads, 1);
	*--p = entry->state;
	*--p = ' ';
	p = urt_print_columns_before(p, ids, ARRAY_SIZE(ids));
	return urt_print_before(p, nr);
}

static const struct urt_format status_format = {
	.line_guess	= 24,
	.line_max	= STATUS_LINE_MAX,
	.line		= status_line,
};

static const struct urt_format stat_format = {
	.line_guess	= 112,
	.line_max	= STAT_LINE_MAX,
	.header_max	= STAT_HEADER_MAX,
	.header		= stat_header,
	.line		= stat_line,
};

/* --- words --- */

static int word_add(void *file, unsigned int nr)
{
	struct urt_file *f = file;

	return urt_registry_add(registry, &f->who, nr, URT_PLAIN, 0);
}

static int word_tree(void *file, unsigned int nr)
{
	struct urt_file *f = file;

	return urt_tree_add(registry, &f->who, nr);
}

static int word_remove(void *file, unsigned int nr)
{
	struct urt_file *f = file;

	return urt_registry_remove(registry, &f->who, nr);
}

static const struct urt_word status_words[] = {
	{ "", 0, word_add },
	{ "", '+', word_add },
	{ "", '-', word_remove },
	{ "tree", 0, word_tree },
	{ }
};

/* --- file operations --- */

static int file_open(struct file *file, const struct urt_format *format)
{
	struct urt_file *f;
	int err;

	if (!urt_module_get())
		return -ENODEV;
	err = -ENOMEM;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		goto err_module;
	err = urt_opener_init(&f->who, file);
	if (err)
		goto err_free;
	err = -ENOMEM;
	f->view = urt_view_get(registry, format, &f->who);
	if (!f->view)
		goto err_opener;
	f->waiters = urt_waiters_get(f->who.user->part);
	if (!f->waiters)
		goto err_view;
	mutex_init(&f->read_lock);
	mutex_init(&f->write_lock);
	atomic64_set(&f->seen, NEVER);
	file->private_data = f;
	return 0;

err_view:
	urt_view_put(f->view);
err_opener:
	urt_opener_exit(&f->who);
err_free:
	kfree(f);
err_module:
	module_put(THIS_MODULE);
	return err;
}

static int status_open(struct inode *inode, struct file *file)
{
	return file_open(file, &status_format);
}

static int stat_open(struct inode *inode, struct file *file)
{
	return file_open(file, &stat_format);
}

/*
 * procfs waits for this call before the module goes, even after module_put().
 */
static int file_release(struct inode *inode, struct file *file)
{
	struct urt_file *f = file->private_data;

	urt_words_close(&f->words, status_words, f);
	urt_text_put(f->text);
	urt_waiters_put(f->waiters);
	urt_view_put(f->view);
	urt_opener_exit(&f->who);
	kfree(f);
	module_put(THIS_MODULE);
	return 0;
}

/* A read at offset 0 takes a new snapshot. Any other continues the old one. */
static struct urt_text *text_at(struct urt_file *f, loff_t pos)
{
	struct urt_text *text;

	if (mutex_lock_killable(&f->read_lock))
		return ERR_PTR(-EINTR);
	if (!pos || !f->text) {
		/*
		 * Put the old text first. It must not count against the new
		 * one.
		 */
		urt_text_put(f->text);
		f->text = NULL;
		text = urt_view_read(f->view, &f->who);
		if (IS_ERR(text))
			goto out;
		f->text = text;
		atomic64_set(&f->seen, text->generation);
	}
	text = urt_text_get(f->text);
out:
	mutex_unlock(&f->read_lock);
	return text;
}

static ssize_t file_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct urt_file *f = iocb->ki_filp->private_data;
	loff_t pos = iocb->ki_pos;
	struct urt_text *text;
	ssize_t ret = 0;
	size_t n;

	if (!iov_iter_count(to))
		return 0;
	text = text_at(f, pos);
	if (IS_ERR(text))
		return PTR_ERR(text);
	if (pos < text->len) {
		n = min_t(size_t, text->len - pos, iov_iter_count(to));
		ret = copy_to_iter(text->begin + pos, n, to);
		iocb->ki_pos += ret;
		if (!ret)
			ret = -EFAULT;
	}
	urt_text_put(text);
	return ret;
}

static ssize_t status_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *pos)
{
	struct urt_file *f = file->private_data;
	ssize_t ret;

	if (mutex_lock_killable(&f->write_lock))
		return -EINTR;
	ret = urt_words_write(&f->words, status_words, f, buf, count);
	mutex_unlock(&f->write_lock);
	return ret;
}

static __poll_t file_poll(struct file *file, poll_table *wait)
{
	struct urt_file *f = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, urt_waiters_queue(f->waiters), wait);
	/*
	 * Pairs with wq_has_sleeper() in wake.c. Without the pair, this could
	 * read the old generation while the waker sees no waiter. The poller
	 * would then sleep on.
	 */
	smp_mb();
	if (atomic64_read(&f->seen) != atomic64_read(&registry->generation))
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLPRI;
	if (file->f_mode & FMODE_WRITE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static const struct proc_ops status_ops = {
	.proc_open	= status_open,
	.proc_read_iter	= file_read,
	.proc_write	= status_write,
	.proc_lseek	= default_llseek,
	.proc_poll	= file_poll,
	.proc_release	= file_release,
};

static const struct proc_ops stat_ops = {
	.proc_open	= stat_open,
	.proc_read_iter	= file_read,
	.proc_lseek	= default_llseek,
	.proc_poll	= file_poll,
	.proc_release	= file_release,
};

/**
 * urt_procfs_init() - make all files visible
 * @reg: the registry of status and stat; ready for use
 *
 * open(2) fails with ENODEV until urt_loaded is set.
 *
 * Context: Process.
 * Return: 0 or -ENOMEM.
 */
int urt_procfs_init(struct urt_registry *reg)
{
	registry = reg;
	directory = proc_mkdir("urt", NULL);
	if (directory &&
	    proc_create("stat", 0444, directory, &stat_ops) &&
	    proc_create("status", urt_status_mode, directory, &status_ops) &&
	    urt_session_create(directory))
		return 0;
	urt_procfs_exit();
	return -ENOMEM;
}

/**
 * urt_procfs_exit() - remove all files
 *
 * Context: Process. Waits for running calls.
 */
void urt_procfs_exit(void)
{
	proc_remove(directory);
}
