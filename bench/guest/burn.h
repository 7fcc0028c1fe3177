/* SPDX-License-Identifier: MIT */
/* CPU time in user mode, at nearly no cost for the emulator. */
#ifndef BURN_H
#define BURN_H

#include <stdint.h>

#define BURN_BLOCK 480		/* nops; they fit one block of translated code */

void burn_blocks(unsigned int n);	/* of BURN_BLOCK + 2 instructions */
void burn_until(uint64_t until);	/* as tsc() has it */
void burn_until_interrupt(void);

#endif
