/* SPDX-License-Identifier: MIT */
/* The answers of urt exporter to those who ask by HTTP. */
#ifndef EXPORTER_HTTP_H
#define EXPORTER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exporter_http;

/* What a scrape is answered with. Return: memory that is freed. */
typedef char *exporter_render_fn(void *context, size_t *length);

/*
 * Listens on HOST:PORT, a name or a number. Return: NULL after a message.
 */
struct exporter_http *exporter_http_open(const char *address,
					 exporter_render_fn *render,
					 void *context);
void exporter_http_close(struct exporter_http *http);	/* NULL is allowed */

/* Whether that is an address to listen on. */
bool exporter_http_address(const char *address);

/* For poll(2): readable when there is something to do. */
int exporter_http_fd(const struct exporter_http *http);
/* When there is something to do all the same; CLOCK_BOOTTIME, or UINT64_MAX. */
uint64_t exporter_http_due(const struct exporter_http *http);
void exporter_http_run(struct exporter_http *http);

#endif
