/* SPDX-License-Identifier: MIT */
#ifndef TEST_RUNNER_H
#define TEST_RUNNER_H

/* How a test's process ends when its claim does not hold, or was not tried. */
enum { EXIT_BROKEN = 99, EXIT_SKIPPED = 77 };

#endif
