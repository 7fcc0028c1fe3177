/* SPDX-License-Identifier: MIT */
/* malloc() and its like, or a message and the end. */
#ifndef URT_MEMORY_H
#define URT_MEMORY_H

#include <stddef.h>

void urt_no_memory(void) __attribute__((noreturn));
/* Zeroed. */
void *urt_alloc(size_t size);
void *urt_realloc(void *old, size_t count, size_t size);
char *urt_strdup(const char *text);

/* A tree of tsearch(3), without what is in it. */
void urt_free_index(void *root);

#endif
