// SPDX-License-Identifier: GPL-2.0-only
/*
 * A view shows a registry to openers who see the same.
 *
 * The first reader of a generation renders the text in one hold of the
 * registry's lock, so that all lines are of one moment. All readers of the view
 * then share the text through a reference count. They copy it to user space
 * with no lock held.
 *
 * Openers share a view if they would read the same bytes and are the same user.
 * (One text for several users would need a rule for which of them pays for its
 * memory when one of them keeps it. Any such rule lets one user exhaust the
 * allowance of another.) A user may have as many views as the user can make
 * namespaces. The list of views belongs to the user, so that this costs no
 * other user anything.
 */
#include "view.h"

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "entry.h"
#include "opener.h"
#include "quota.h"
#include "registry.h"

struct urt_view {
	struct list_head node;		/* user's views_lock */
	unsigned int files;		/* user's views_lock; open ones */
	struct urt_registry *registry;

	/* These make the text. The view holds references to them. */
	const struct urt_format *format;
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	struct urt_user *user;
	kuid_t owner;			/* of shown processes; invalid: all */
	s64 boot_offset;

	struct mutex lock;		/* one reader renders for all */
	struct urt_text *text;		/* lock; the latest, or NULL */
};

static kuid_t shown_owner(const struct urt_opener *who)
{
	return who->restricted ? who->file->f_cred->euid : INVALID_UID;
}

static bool fits(const struct urt_view *view, const struct urt_registry *reg,
		 const struct urt_format *format, const struct urt_opener *who)
{
	return view->registry == reg && view->format == format &&
	       view->pid_ns == who->pid_ns &&
	       view->user_ns == who->file->f_cred->user_ns &&
	       view->boot_offset == who->boot_offset &&
	       uid_eq(view->owner, shown_owner(who));
}

/**
 * urt_view_get() - the view of an opener
 * @reg: the registry that it shows
 * @format: the format that it shows the registry in
 * @who: opens the file; the view outlives @who if other openers share it
 *
 * Context: Process. Allocates memory, then takes views_lock of the user.
 * Return: a reference for urt_view_put(), or NULL without memory.
 */
struct urt_view *urt_view_get(struct urt_registry *reg,
			      const struct urt_format *format,
			      const struct urt_opener *who)
{
	struct urt_view *view, *new;

	/* Allocate before locking, so that slow memory delays no other user. */
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	mutex_lock(&who->user->views_lock);
	list_for_each_entry(view, &who->user->views, node) {
		if (fits(view, reg, format, who)) {
			view->files++;
			mutex_unlock(&who->user->views_lock);
			kfree(new);
			return view;
		}
		cond_resched();
	}
	view = new;
	view->registry = reg;
	view->files = 1;
	view->format = format;
	view->pid_ns = get_pid_ns(who->pid_ns);
	view->user_ns = get_user_ns(who->file->f_cred->user_ns);
	view->user = who->user;
	refcount_inc(&view->user->ref);
	view->owner = shown_owner(who);
	view->boot_offset = who->boot_offset;
	mutex_init(&view->lock);
	list_add(&view->node, &who->user->views);
	mutex_unlock(&who->user->views_lock);
	return view;
}

/**
 * urt_view_put() - drop a reference to a view
 * @view: freed with the last reference
 *
 * Context: Process. Takes views_lock of the user.
 */
void urt_view_put(struct urt_view *view)
{
	struct urt_user *user = view->user;

	mutex_lock(&user->views_lock);
	if (--view->files) {
		mutex_unlock(&user->views_lock);
		return;
	}
	list_del(&view->node);
	mutex_unlock(&user->views_lock);

	urt_text_put(view->text);
	put_pid_ns(view->pid_ns);
	put_user_ns(view->user_ns);
	urt_user_put(user);
	kfree(view);
}

/**
 * urt_text_get() - take a reference to a text
 * @text: the caller holds a reference, or a lock that keeps one
 *
 * Context: Process.
 * Return: @text.
 */
struct urt_text *urt_text_get(struct urt_text *text)
{
	refcount_inc(&text->ref);
	return text;
}

/**
 * urt_text_put() - drop a reference to a text
 * @text: freed with the last reference; may be NULL
 *
 * Context: Process. May sleep.
 */
void urt_text_put(struct urt_text *text)
{
	if (!text || !refcount_dec_and_test(&text->ref))
		return;
	urt_quota_uncharge_text(text->user, text->size);
	urt_user_put(text->user);
	kvfree(text);
}

static struct urt_text *text_alloc(size_t size, const struct urt_opener *who)
{
	struct urt_text *text;
	int err;

	err = urt_quota_charge_text(who->user, size, who->exempt);
	if (err)
		return ERR_PTR(err);
	text = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!text) {
		urt_quota_uncharge_text(who->user, size);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&text->ref, 1);
	text->user = who->user;
	refcount_inc(&text->user->ref);
	text->size = size;
	return text;
}

/*
 * Renders from the last line to the first. The header counts the lines, so it
 * is rendered last. Return: whether all of it fitted.
 */
static bool render(struct urt_view *view, struct urt_text *text,
		   const struct urt_opener *who)
{
	const struct urt_format *format = view->format;
	size_t reserve = format->header_max + format->line_max;
	struct urt_registry *reg = view->registry;
	char *end = (char *)text + text->size, *p = end;
	struct urt_entry *entry;
	unsigned int lines = 0;
	pid_t nr;

	/*
	 * Read this first. A child that is forked later makes the text stale.
	 */
	text->version = atomic64_read(&reg->version);
	/*
	 * Pairs with the smp_mb() in urt_entry_start(). A child is on @forked
	 * before that barrier, and changes the version after it. Without the
	 * pair, this could see the new version and not the child.
	 */
	smp_rmb();
	urt_registry_link_forked(reg);
	list_for_each_entry_reverse(entry, &reg->entries, list) {
		if (!urt_entry_visible(entry, who, &nr))
			continue;
		if (p - text->data < reserve)
			return false;
		p = format->line(p, entry, who, nr);
		if (!(++lines % 32))
			cond_resched();
	}
	if (format->header)
		p = format->header(p, reg, who, lines);

	text->generation = atomic64_read(&reg->generation);
	text->begin = p;
	text->len = end - p;
	return true;
}

/*
 * Allocates outside of the registry's lock, because an allocation may be slow.
 */
static struct urt_text *make_text(struct urt_view *view,
				  const struct urt_opener *who)
{
	const struct urt_format *format = view->format;
	struct urt_registry *reg = view->registry;
	size_t line = format->line_guess;
	struct urt_text *text;
	size_t lines;
	bool complete;

	for (;;) {
		lines = READ_ONCE(reg->count) + 8;
		text = text_alloc(sizeof(*text) + format->header_max +
				  format->line_max + lines * line, who);
		if (IS_ERR(text))
			return text;
		if (mutex_lock_killable(&reg->lock)) {
			urt_text_put(text);
			return ERR_PTR(-EINTR);
		}
		complete = render(view, text, who);
		mutex_unlock(&reg->lock);
		if (complete)
			return text;
		urt_text_put(text);
		line *= 2;
	}
}

/**
 * urt_view_read() - the registry as it is now
 * @view: of the reader
 * @who: reads; fits the view
 *
 * Context: Process. Takes view->lock, and the registry's lock inside.
 * Return: a reference for urt_text_put(); -ENOMEM; -EDQUOT if half-read files
 * of this user keep too many snapshots; -EINTR if killed while waiting.
 */
struct urt_text *urt_view_read(struct urt_view *view,
			       const struct urt_opener *who)
{
	struct urt_text *text;

	if (mutex_lock_killable(&view->lock))
		return ERR_PTR(-EINTR);
	text = view->text;
	if (!text ||
	    text->version != atomic64_read(&view->registry->version)) {
		urt_text_put(text);
		view->text = NULL;
		text = make_text(view, who);
		if (IS_ERR(text))
			goto out;
		view->text = text;
	}
	urt_text_get(text);
out:
	mutex_unlock(&view->lock);
	return text;
}
