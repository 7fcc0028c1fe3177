/* SPDX-License-Identifier: MIT */
/* malloc() and its like. Without memory they print a message and exit. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

void memory_exhausted(void) __attribute__((noreturn));
/* The memory is zeroed. */
void *memory_alloc(size_t size);
void *memory_realloc(void *old, size_t count, size_t size);
/*
 * Makes room for one item more than @count. *size says how many items have
 * room.
 */
void *memory_room(void *items, size_t count, size_t *size, size_t item_size);
char *memory_strdup(const char *text);

/* Frees a tree of tsearch(3), but not its items. */
void memory_free_index(void *root);

#endif
