/* SPDX-License-Identifier: MIT */
/* malloc() and its like, or a message and the end. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

void memory_exhausted(void) __attribute__((noreturn));
/* Zeroed. */
void *memory_alloc(size_t size);
void *memory_realloc(void *old, size_t count, size_t size);
/* Room for one item more than @count; *size: how many there is room for. */
void *memory_room(void *items, size_t count, size_t *size, size_t item_size);
char *memory_strdup(const char *text);

/* A tree of tsearch(3), without what is in it. */
void memory_free_index(void *root);

#endif
