/* SPDX-License-Identifier: MIT */
/* Files of page/, which are linked into the program unchanged. */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include <stdint.h>
#include <stdio.h>

#define EMBEDDED(name)						\
	extern const char _binary_##name##_start[];		\
	extern const char _binary_##name##_end[]

/* The linker knows two symbols, the code uses one object. */
#define EMBEDDED_SIZE(name)					\
	((size_t)((uintptr_t)_binary_##name##_end -		\
		  (uintptr_t)_binary_##name##_start))

#define EMBEDDED_WRITE(name, file)				\
	fwrite(_binary_##name##_start, 1, EMBEDDED_SIZE(name), file)

EMBEDDED(page_html);
EMBEDDED(page_css);
EMBEDDED(page_js);	/* all scripts of page/ */
EMBEDDED(svg_css);
EMBEDDED(sums);		/* of page.css, page.js and svg.css, by sha256sum */

#endif
