/* SPDX-License-Identifier: MIT */
/* Registering, refreshing, reading, for the profile. */
#ifndef PHASES_H
#define PHASES_H

/* The module is loaded, nothing is registered. */
void phases_profile(void);

#endif
