// SPDX-License-Identifier: MIT
/*
 * taskstats, as Documentation/accounting/taskstats.rst describes it: a question
 * for one process's figures, or a listener for the figures of each exit.
 */
#include "taskstats.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../guest/base.h"
#include "receive.h"

struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char data[2048];
} __attribute__((aligned(NLMSG_ALIGNTO)));

static uint16_t family;

static void put(struct message *m, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(m->nl.nlmsg_len);
	struct nlattr *attr = (void *)((char *)m + at);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy(attr + 1, data, len);
	m->nl.nlmsg_len = at + NLA_ALIGN(attr->nla_len);
}

static void start(struct message *m, uint16_t to, uint8_t command)
{
	m->nl = (struct nlmsghdr) {
		.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.nlmsg_type = to,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	m->genl = (struct genlmsghdr) { .cmd = command, .version = 1 };
}

/* The attribute of a type within so many bytes, or NULL. */
static const struct nlattr *get(const void *attrs, size_t len, uint16_t type)
{
	const struct nlattr *attr = attrs;
	size_t step;

	for (; len >= NLA_HDRLEN; len -= step) {
		if (attr->nla_type == type)
			return attr;
		step = NLA_ALIGN(attr->nla_len);
		if (step < NLA_HDRLEN || step > len)
			break;
		attr = (const void *)((const char *)attr + step);
	}
	return NULL;
}

static const struct nlattr *get_top(const struct message *m, uint16_t type)
{
	return get(m->data, m->nl.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), type);
}

/*
 * A socket may get messages that an earlier socket with its number asked for.
 * The kernel forgets listeners only when it finds them gone.
 * Return: whether there was an answer that is no error.
 */
static bool ask(int fd, struct message *m)
{
	static uint32_t last;
	uint32_t nr = ++last;

	m->nl.nlmsg_seq = nr;
	must(send(fd, m, m->nl.nlmsg_len, 0) == (ssize_t)m->nl.nlmsg_len);
	do {
		must(recv(fd, m, sizeof(*m), 0) > 0);
	} while (m->nl.nlmsg_seq != nr);
	return m->nl.nlmsg_type != NLMSG_ERROR;
}

static bool find_family(int fd)
{
	const struct nlattr *id;
	struct message m;

	start(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	put(&m, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
	    sizeof(TASKSTATS_GENL_NAME));
	if (!ask(fd, &m))
		return false;
	id = get_top(&m, CTRL_ATTR_FAMILY_ID);
	must(id);
	memcpy(&family, id + 1, sizeof(family));
	return true;
}

/* Return: a socket; or -1 if this kernel has no taskstats. */
int taskstats_open(void)
{
	int fd = receive_from(NETLINK_GENERIC, 0);

	if (find_family(fd))
		return fd;
	close(fd);
	return -1;
}

/* Kernels differ in how many fields they report. New fields come at the end. */
static bool read_stats(const struct message *m, uint16_t type, uint16_t id_type,
		       uint32_t *id, struct taskstats *stats)
{
	const struct nlattr *all = get_top(m, type), *nr, *values;
	size_t len;

	if (!all)
		return false;
	len = all->nla_len - NLA_HDRLEN;
	nr = get(all + 1, len, id_type);
	values = get(all + 1, len, TASKSTATS_TYPE_STATS);
	must(nr && values);
	memcpy(id, nr + 1, sizeof(*id));
	len = values->nla_len - NLA_HDRLEN;
	memset(stats, 0, sizeof(*stats));
	memcpy(stats, values + 1, len < sizeof(*stats) ? len : sizeof(*stats));
	return true;
}

/* Return: whether there is such a process. */
bool taskstats_ask(int fd, pid_t tgid, struct taskstats *stats)
{
	uint32_t id = tgid;
	struct message m;

	start(&m, family, TASKSTATS_CMD_GET);
	put(&m, TASKSTATS_CMD_ATTR_TGID, &id, sizeof(id));
	return ask(fd, &m) && read_stats(&m, TASKSTATS_TYPE_AGGR_TGID,
					 TASKSTATS_TYPE_TGID, &id, stats);
}

/* From now on, reports each task that exits on the first CPU. */
void taskstats_listen(int fd)
{
	const struct nlmsgerr *answer;
	struct message m;

	start(&m, family, TASKSTATS_CMD_GET);
	put(&m, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, "0", sizeof("0"));
	m.nl.nlmsg_flags |= NLM_F_ACK;
	ask(fd, &m);
	answer = NLMSG_DATA(&m.nl);	/* error 0: success */
	must(m.nl.nlmsg_type == NLMSG_ERROR && !answer->error);
}

/*
 * Passes the reports of tasks that ended since the last call to fn, and takes
 * up to batch at once. The sum of a group of several tasks is left out. Return:
 * how many.
 */
int taskstats_hear(int fd, int batch, taskstats_fn fn)
{
	static struct message messages[RECEIVE_MAX];
	struct taskstats stats;
	int n, heard = 0;
	uint32_t pid;

	while ((n = receive(fd, messages, sizeof(*messages), batch)) > 0) {
		for (int i = 0; i < n; i++) {
			if (!read_stats(&messages[i], TASKSTATS_TYPE_AGGR_PID,
					TASKSTATS_TYPE_PID, &pid, &stats))
				continue;
			fn(pid, &stats);
			heard++;
		}
	}
	return heard;
}
