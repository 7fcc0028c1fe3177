// SPDX-License-Identifier: MIT
#include "memory.h"

#include <error.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

void memory_exhausted(void)
{
	error(cmd_exit_failed, 0, "out of memory");
	abort();
}

void *memory_realloc(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count, size);

	if (!memory)
		memory_exhausted();
	return memory;
}

void *memory_room(void *items, size_t count, size_t *size, size_t item_size)
{
	if (count < *size)
		return items;
	*size = *size ? 2 * *size : 16;
	return memory_realloc(items, *size, item_size);
}

void *memory_alloc(size_t size)
{
	void *memory = memory_realloc(NULL, 1, size);

	memset(memory, 0, size);
	return memory;
}

char *memory_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memory_realloc(NULL, 1, size);

	memcpy(copy, text, size);
	return copy;
}

static void free_nothing(void *node)
{
	(void)node;
}

void memory_free_index(void *root)
{
	tdestroy(root, free_nothing);
}
