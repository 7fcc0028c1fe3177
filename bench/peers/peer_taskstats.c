// SPDX-License-Identifier: MIT
/*
 * taskstats: a netlink request and a reply for each thread group. The usual way
 * is one by one. The best way has many requests in one message, and one call
 * for the replies.
 */
#define _GNU_SOURCE
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../guest/base.h"
#include "peers.h"

#define BATCH 64		/* their replies fit a receive buffer of 208 KiB */
#define REPLY_LEN 1024

struct request {
	struct nlmsghdr message;
	struct genlmsghdr command;
	struct nlattr attribute;
	union {
		__u32 pid;
		char name[12];
	};
};

#define REQUEST_LEN(value_len) (NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + \
				NLA_ALIGN(value_len))
#define TASKSTATS_REQUEST REQUEST_LEN(4)	/* a multiple of 4 */

static struct connection {
	int fd;
	int count;
	char *requests;
} one_by_one, batched;

static char replies[BATCH][REPLY_LEN];
static struct iovec vectors[BATCH];
static struct mmsghdr headers[BATCH];

static void fill(struct request *r, int family, int command, int attribute,
		 size_t value_len)
{
	*r = (struct request){
		.message.nlmsg_len = REQUEST_LEN(value_len),
		.message.nlmsg_type = family,
		.message.nlmsg_flags = NLM_F_REQUEST,
		.command.cmd = command,
		.command.version = 1,
		.attribute.nla_type = attribute,
		.attribute.nla_len = NLA_HDRLEN + value_len,
	};
}

/* The attribute of that type between at and end, or NULL. */
static const struct nlattr *find(const void *at, const void *end, int type)
{
	const struct nlattr *a;

	for (; at < end; at = (const char *)at + NLA_ALIGN(a->nla_len)) {
		a = at;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
	}
	return NULL;
}

static const void *value_of(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static const struct nlattr *find_in_reply(const char *reply, int type)
{
	const struct nlmsghdr *message = (const void *)reply;
	const struct nlattr *a;

	must(message->nlmsg_type != NLMSG_ERROR);
	a = find(reply + NLMSG_HDRLEN + GENL_HDRLEN,
		 reply + message->nlmsg_len, type);
	must(a);
	return a;
}

/* Return: the family's number; 0 if the kernel has no family of that name. */
static int family_of(int fd, const char *name)
{
	size_t len = strlen(name) + 1;
	struct request r;
	char reply[REPLY_LEN];

	fill(&r, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, len);
	memcpy(r.name, name, len);
	must(send(fd, &r, r.message.nlmsg_len, 0) > 0);
	must(recv(fd, reply, sizeof(reply), 0) > 0);
	if (((const struct nlmsghdr *)reply)->nlmsg_type == NLMSG_ERROR)
		return 0;
	return *(const __u16 *)value_of(find_in_reply(reply,
						      CTRL_ATTR_FAMILY_ID));
}

static void make_requests(struct connection *c, int family, const pid_t *ids)
{
	struct request r;

	c->requests = malloc(c->count * TASKSTATS_REQUEST);
	must(c->requests);
	fill(&r, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_TGID, 4);
	for (int i = 0; i < c->count; i++) {
		r.pid = ids[i];
		memcpy(c->requests + i * TASKSTATS_REQUEST, &r,
		       TASKSTATS_REQUEST);
	}
}

static const char *connect_to(struct connection *c, const pid_t *ids, int count)
{
	int family;

	c->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (c->fd < 0)
		return "the kernel has no generic netlink";
	family = family_of(c->fd, TASKSTATS_GENL_NAME);
	if (!family) {
		close(c->fd);
		return "the kernel has no taskstats";
	}
	c->count = count;
	make_requests(c, family, ids);
	return NULL;
}

static void disconnect(struct connection *c)
{
	free(c->requests);
	close(c->fd);
}

static uint64_t parse(const char *reply)
{
	const struct nlattr *group, *a;
	const struct taskstats *stats;

	group = find_in_reply(reply, TASKSTATS_TYPE_AGGR_TGID);
	a = find(value_of(group), (const char *)group + group->nla_len,
		 TASKSTATS_TYPE_STATS);
	must(a);
	stats = value_of(a);
	return (stats->ac_utime + stats->ac_stime) * 1000;
}

/* --- one by one --- */

static const char *taskstats_open(const pid_t *ids, int count)
{
	return connect_to(&one_by_one, ids, count);
}

static uint64_t taskstats_sample(void)
{
	const struct connection *c = &one_by_one;
	uint64_t sum = 0;

	for (int i = 0; i < c->count; i++) {
		must(send(c->fd, c->requests + i * TASKSTATS_REQUEST,
			  TASKSTATS_REQUEST, 0) > 0);
		must(recv(c->fd, replies[0], REPLY_LEN, 0) > 0);
		sum += parse(replies[0]);
	}
	return sum;
}

static void taskstats_close(void)
{
	disconnect(&one_by_one);
}

const struct peer peer_taskstats = {
	.name = "taskstats",
	.row = "taskstats one by one",
	.whole = true,
	.open = taskstats_open,
	.sample = taskstats_sample,
	.close = taskstats_close,
};

/* --- many at once --- */

static const char *batch_open(const pid_t *ids, int count)
{
	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ replies[i], REPLY_LEN };
		headers[i].msg_hdr.msg_iov = &vectors[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	return connect_to(&batched, ids, count);
}

static uint64_t batch_sample(void)
{
	const struct connection *c = &batched;
	uint64_t sum = 0;
	int n;

	for (int from = 0; from < c->count; from += n) {
		n = c->count - from < BATCH ? c->count - from : BATCH;
		must(send(c->fd, c->requests + from * TASKSTATS_REQUEST,
			  n * TASKSTATS_REQUEST, 0) > 0);
		must(recvmmsg(c->fd, headers, n, 0, NULL) == n);
		for (int i = 0; i < n; i++)
			sum += parse(replies[i]);
	}
	return sum;
}

static void batch_close(void)
{
	disconnect(&batched);
}

const struct peer peer_taskstats_batch = {
	.name = "taskstats-batch",
	.row = "taskstats 64 at once",
	.whole = true,
	.open = batch_open,
	.sample = batch_sample,
	.close = batch_close,
};
