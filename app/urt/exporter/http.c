// SPDX-License-Identifier: MIT
/*
 * A connection has one request and a few seconds, however slowly its bytes
 * come. If there are too many connections, the oldest ones without a request
 * are closed at once. A client that has left takes no place. All clients that
 * ask within a tenth of a second get the same text.
 */
#include "exporter/http.h"

#include <errno.h>
#include <error.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "clock.h"
#include "exporter/source.h"
#include "exporter/text.h"
#include "memory.h"
#include "parse.h"

#define CONNECTIONS_MAX		64	/* more only until some are closed */
#define PLACES_MAX		80
#define CONNECTION_MEMORY	16384
#define REQUEST_NS		(2 * NSEC_PER_SEC)
#define ANSWER_NS		(10 * NSEC_PER_SEC)
#define STUCK_NS		NSEC_PER_SEC	/* answered, but not read */
#define SAME_NS			(100 * NSEC_PER_MSEC)

struct connection {
	int fd;			/* -1: free */
	bool answered;
	uint64_t since_ns;	/* when it began or got its answer */
	uint64_t end_ns;	/* UINT64_MAX: it has been shut down */
};

struct exporter_http {
	struct MHD_Daemon *daemon;
	int fd;			/* belongs to the daemon; do not close */
	exporter_render_fn *render;
	void *context;
	struct connection connections[PLACES_MAX];
	struct MHD_Response *metrics;	/* of the latest scrape */
	uint64_t metrics_ns;
};

/* --- places --- */

static struct connection *slot_of(struct exporter_http *http, int fd)
{
	size_t i;

	for (i = 0; i < PLACES_MAX; i++) {
		if (http->connections[i].fd == fd)
			return &http->connections[i];
	}
	return NULL;
}

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

static void notify(void *context, struct MHD_Connection *connection,
		   void **socket_context,
		   enum MHD_ConnectionNotificationCode code)
{
	struct exporter_http *http = context;
	bool started = code == MHD_CONNECTION_NOTIFY_STARTED;
	struct connection *slot;

	(void)socket_context;
	slot = slot_of(http, started ? -1 : fd_of(connection));
	if (!slot)
		return;
	*slot = (struct connection){
		.fd = started ? fd_of(connection) : -1,
		.since_ns = clock_ns(CLOCK_BOOTTIME),
	};
	slot->end_ns = slot->since_ns + REQUEST_NS;
}

static void note_answer(struct exporter_http *http,
			struct MHD_Connection *connection)
{
	struct connection *slot = slot_of(http, fd_of(connection));

	if (!slot)
		return;
	slot->answered = true;
	slot->since_ns = clock_ns(CLOCK_BOOTTIME);
	slot->end_ns = slot->since_ns + ANSWER_NS;
}

/* --- answers --- */

static const char index_page[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><title>urt exporter</title></head>\n"
	"<body><h1>urt exporter</h1>\n<p>CPU time of processes: "
	"<a href=\"/metrics\">metrics</a></p></body></html>\n";
static const char not_found[] = "Not found; there is /metrics\n";
static const char not_allowed[] = "Only GET and HEAD\n";

static struct MHD_Response *finish(struct MHD_Response *response,
				   const char *type)
{
	if (!response)
		return NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection,
				   unsigned int status, const char *type,
				   const char *text)
{
	struct MHD_Response *response;
	enum MHD_Result queued;

	response = finish(MHD_create_response_from_buffer(strlen(text),
				(void *)text, MHD_RESPMEM_PERSISTENT), type);
	if (!response)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					"GET, HEAD");
	queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

/* The library keeps an older text until all its clients have it. */
static void render(struct exporter_http *http)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	size_t length;
	char *text;

	if (http->metrics && now - http->metrics_ns < SAME_NS)
		return;
	if (http->metrics)
		MHD_destroy_response(http->metrics);
	text = http->render(http->context, &length);
	http->metrics = finish(MHD_create_response_from_buffer(length, text,
				MHD_RESPMEM_MUST_FREE), EXPORTER_TEXT_TYPE);
	if (!http->metrics)
		free(text);
	http->metrics_ns = now;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      const char *version, const char *upload,
			      size_t *upload_size, void **request)
{
	struct exporter_http *http = context;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	note_answer(http, connection);
	if (strcmp(method, MHD_HTTP_METHOD_GET) &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				   "text/plain", not_allowed);
	if (!strcmp(url, "/"))
		return answer_text(connection, MHD_HTTP_OK, "text/html",
				   index_page);
	if (strcmp(url, "/metrics"))
		return answer_text(connection, MHD_HTTP_NOT_FOUND, "text/plain",
				   not_found);
	render(http);
	if (!http->metrics)
		return MHD_NO;
	return MHD_queue_response(connection, MHD_HTTP_OK, http->metrics);
}

/* --- connections --- */

/* Reads, as recv(2) does, the bytes that were sent and not read yet. */
static ssize_t peek(const struct connection *slot)
{
	char byte;

	return recv(slot->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
}

/* Everything that the client sent has been read, and no more will come. */
static bool has_left(const struct connection *slot)
{
	return !slot->answered && !peek(slot);
}

static bool is_open(const struct connection *slot)
{
	return slot->fd >= 0 && slot->end_ns != UINT64_MAX;
}

static void end(struct connection *slot)
{
	shutdown(slot->fd, SHUT_RDWR);
	slot->end_ns = UINT64_MAX;
}

/* Whether it may give way. A connection with an open request may not. */
static bool is_idle(const struct connection *slot, uint64_t now)
{
	return slot->answered ? now - slot->since_ns >= STUCK_NS :
				peek(slot) < 0;
}

/* If there are too many connections, the oldest idle ones give way. */
static void make_room(struct exporter_http *http, uint64_t now)
{
	struct connection *oldest;
	size_t count, i;

	do {
		oldest = NULL;
		count = 0;
		for (i = 0; i < PLACES_MAX; i++) {
			struct connection *slot = &http->connections[i];

			if (!is_open(slot))
				continue;
			count++;
			if ((!oldest || slot->since_ns < oldest->since_ns) &&
			    is_idle(slot, now))
				oldest = slot;
		}
		if (count > CONNECTIONS_MAX && oldest)
			end(oldest);
	} while (count > CONNECTIONS_MAX && oldest);
}

/*
 * The library sees the end of a connection that is shut down, and closes it. It
 * does not see the end of a client that left before the library looked first.
 */
static void end_connections(struct exporter_http *http)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	size_t i;

	for (i = 0; i < PLACES_MAX; i++) {
		struct connection *slot = &http->connections[i];

		if (is_open(slot) && (slot->end_ns <= now || has_left(slot)))
			end(slot);
	}
	make_room(http, now);
}

uint64_t exporter_http_due(const struct exporter_http *http)
{
	uint64_t due = UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG ms;
	size_t i;

	/* The library has no timeouts here, so that this means work now. */
	if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
		return 0;
	for (i = 0; i < PLACES_MAX; i++) {
		if (http->connections[i].fd >= 0 &&
		    http->connections[i].end_ns < due)
			due = http->connections[i].end_ns;
	}
	return due;
}

/*
 * While all places are taken, the library does not listen. It listens again
 * when it runs next. If all clients have left, only this call makes it run.
 */
void exporter_http_run(struct exporter_http *http)
{
	bool full;

	do {
		full = !slot_of(http, -1);
		MHD_run(http->daemon);
	} while (full && slot_of(http, -1));
	end_connections(http);
}

int exporter_http_fd(const struct exporter_http *http)
{
	return http->fd;
}

/* --- listening --- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct place {
	char host[256];		/* empty: all addresses of this machine */
	char port[8];
	bool v6;		/* HOST is a number of IPv6 */
};

/* Parses HOST:PORT, [HOST]:PORT for IPv6, or :PORT for all addresses. */
static bool parse(const char *text, struct place *place)
{
	const char *colon = strrchr(text, ':');
	unsigned long port;
	size_t size;

	if (!colon || !parse_number(colon + 1, 65535, &port))
		return false;
	size = (size_t)(colon - text);
	place->v6 = *text == '[';
	if (place->v6 && text[size - 1] != ']')
		return false;
	if (place->v6) {
		text++;
		size -= 2;
	}
	/* More colons mean IPv6, which must be in brackets. */
	if (size >= sizeof(place->host) ||
	    !memchr(text, ':', size) == place->v6)
		return false;
	snprintf(place->host, sizeof(place->host), "%.*s", (int)size, text);
	snprintf(place->port, sizeof(place->port), "%lu", port);
	return true;
}

bool exporter_http_address(const char *address)
{
	struct place place;

	return parse(address, &place);
}

/*
 * Chooses one address of a name, of IPv4 if there is one.
 * Return: as getaddrinfo().
 */
static int resolve(const struct place *place, union address *address,
		   socklen_t *length)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV |
			    (place->v6 ? AI_NUMERICHOST : 0),
		.ai_family = place->v6 || !*place->host ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *all, *one;
	int err;

	err = getaddrinfo(*place->host ? place->host : NULL, place->port,
			  &hints, &all);
	if (err)
		return err;
	for (one = all; one->ai_next && one->ai_family != AF_INET; )
		one = one->ai_next;
	if (one->ai_family != AF_INET)
		one = all;
	*length = one->ai_addrlen;
	memcpy(address, one->ai_addr, one->ai_addrlen);
	freeaddrinfo(all);
	return 0;
}

static int open_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Listens on all addresses, of IPv6 and IPv4. Works without IPv6. */
static int open_any(union address *address, socklen_t *length)
{
	int off = 0, fd = open_socket(AF_INET6);

	if (fd >= 0) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	} else if (errno == EAFNOSUPPORT) {
		address->v4 = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = address->v6.sin6_port,
		};
		*length = sizeof(address->v4);
		fd = open_socket(AF_INET);
	}
	return fd;
}

static bool is_any(const union address *address)
{
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

/* Return: a listening socket; -1 with errno. */
static int listen_on(union address *address, socklen_t length)
{
	int on = 1, err, fd;

	fd = is_any(address) ? open_any(address, &length) :
			       open_socket(address->any.sa_family);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address->any, length) || listen(fd, SOMAXCONN)) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* Return: a listening socket; or -1, and a message. */
static int open_place(const struct place *place, const char *name)
{
	union address address;
	socklen_t length;
	int err, fd;

	err = resolve(place, &address, &length);
	if (err) {
		error(0, err == EAI_SYSTEM ? errno : 0, "cannot listen on %s: %s",
		      name, gai_strerror(err));
		return -1;
	}
	fd = listen_on(&address, length);
	if (fd < 0)
		error(0, errno, "cannot listen on %s", name);
	return fd;
}

static bool start(struct exporter_http *http, int fd)
{
	const union MHD_DaemonInfo *info;

	http->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer,
		http, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)PLACES_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_CONNECTION, notify, http, MHD_OPTION_END);
	if (!http->daemon)
		return false;
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return false;
	http->fd = info->epoll_fd;
	return true;
}

struct exporter_http *exporter_http_open(const char *address,
					 exporter_render_fn *render_it,
					 void *context)
{
	struct exporter_http *http;
	struct place place;
	size_t i;
	int fd;

	if (!parse(address, &place))
		return NULL;
	fd = open_place(&place, address);
	if (fd < 0)
		return NULL;
	http = memory_alloc(sizeof(*http));
	http->render = render_it;
	http->context = context;
	for (i = 0; i < PLACES_MAX; i++)
		http->connections[i].fd = -1;
	errno = 0;	/* the library may leave it unset */
	if (!start(http, fd)) {
		error(0, errno, "cannot start to listen on %s", address);
		free(http);
		return NULL;
	}
	return http;
}

void exporter_http_close(struct exporter_http *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon);
	if (http->metrics)
		MHD_destroy_response(http->metrics);
	free(http);
}
