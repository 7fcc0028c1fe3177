/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_PARAMS_H
#define URT_PARAMS_H

struct urt_registry;

void urt_params_attach(struct urt_registry *reg);

#endif
