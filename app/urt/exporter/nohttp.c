// SPDX-License-Identifier: MIT
/*
 * Replaces http.c if the program is linked statically, because not every
 * distribution has a static libmicrohttpd.
 */
#include "exporter/http.h"

#include <error.h>

bool exporter_http_address(const char *address)
{
	return *address;
}

struct exporter_http *exporter_http_open(const char *address,
					 exporter_render_fn *render,
					 void *context)
{
	(void)render;
	(void)context;
	error(0, 0, "cannot listen on %s: this urt has been built without HTTP; use --textfile",
	      address);
	return NULL;
}

/* There is none. */

void exporter_http_close(struct exporter_http *http)
{
	(void)http;
}

int exporter_http_fd(const struct exporter_http *http)
{
	(void)http;
	return -1;
}

uint64_t exporter_http_due(const struct exporter_http *http)
{
	(void)http;
	return UINT64_MAX;
}

void exporter_http_run(struct exporter_http *http)
{
	(void)http;
}
