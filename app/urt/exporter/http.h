/* SPDX-License-Identifier: MIT */
/* Answers to clients that ask urt exporter by HTTP. */
#ifndef EXPORTER_HTTP_H
#define EXPORTER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exporter_http;

/* Makes the answer to a scrape. Return: memory that the caller frees. */
typedef char *exporter_render_fn(void *context, size_t *length);

/*
 * Listens on HOST:PORT, a name or a number. Return: NULL after a message.
 */
struct exporter_http *exporter_http_open(const char *address,
					 exporter_render_fn *render,
					 void *context);
void exporter_http_close(struct exporter_http *http);	/* NULL is allowed */

/* Whether the text is an address to listen on. */
bool exporter_http_address(const char *address);

/* A descriptor for poll(2): readable when there is something to do. */
int exporter_http_fd(const struct exporter_http *http);
/*
 * When there is something to do without an event: CLOCK_BOOTTIME, or
 * UINT64_MAX.
 */
uint64_t exporter_http_due(const struct exporter_http *http);
void exporter_http_run(struct exporter_http *http);

#endif
