/* SPDX-License-Identifier: MIT */
/* A run as an HTML page that needs no other file. */
#ifndef HTML_H
#define HTML_H

#include <stdio.h>

#include "picture/picture.h"

/* Errors of writing stay in the file, for the caller to check. */
void html_write(const struct picture *picture, FILE *file);

/* The page's script decodes these: the facts of the run as JSON ... */
void html_facts(const struct picture *picture, FILE *file);
/* ... and its processes as numbers in base64; see page/data.js. */
void html_rows(const struct picture *picture, FILE *file);

#endif
