// SPDX-License-Identifier: MIT
/*
 * QEMU does little work for a nop, but counts it: time passes at little cost.
 */
#include "burn.h"

#include "base.h"

#define BLOCKS 1000

void burn_blocks(unsigned int n)
{
	asm volatile("1: .rept %c1; nop; .endr; dec %0; jnz 1b"
		     : "+r" (n) : "i" (BURN_BLOCK) : "cc");
}

void burn_until(uint64_t until)
{
	while (tsc() + (uint64_t)BLOCKS * (BURN_BLOCK + 2) < until)
		burn_blocks(BLOCKS);
	while (tsc() < until)
		burn_blocks(1);
}

/* Usually the tick, because nothing else comes while a process runs. */
void burn_until_interrupt(void)
{
	uint64_t before, now = tsc();

	do {
		before = now;
		burn_blocks(1);
		now = tsc();
	} while (now - before < BURN_BLOCK + 300);
}
