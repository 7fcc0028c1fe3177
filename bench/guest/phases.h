/* SPDX-License-Identifier: MIT */
/* Registering, refreshing and reading, for the profile. */
#ifndef PHASES_H
#define PHASES_H

/* Call it with the module loaded and no process registered. */
void phases_profile(void);

#endif
