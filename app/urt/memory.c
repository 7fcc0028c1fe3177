// SPDX-License-Identifier: MIT
#include <error.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "memory.h"

void urt_no_memory(void)
{
	error(urt_exit_failed, 0, "out of memory");
	abort();
}

void *urt_realloc(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count, size);

	if (!memory)
		urt_no_memory();
	return memory;
}

void *urt_alloc(size_t size)
{
	void *memory = urt_realloc(NULL, 1, size);

	memset(memory, 0, size);
	return memory;
}

char *urt_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = urt_realloc(NULL, 1, size);

	memcpy(copy, text, size);
	return copy;
}

static void free_nothing(void *node)
{
	(void)node;
}

void urt_free_index(void *root)
{
	tdestroy(root, free_nothing);
}
