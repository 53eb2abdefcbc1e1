/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How a private copy of the VMM is made, by a start and by `fcjail fill`. */

#include "jail.h"
#include "macro.h"

/*
 * Fills a new file, which is open for writing, and gives it its mode when it is whole. jail: ends as soon as its INSIDE has
 * something to say; NULL: nobody waits. text: what the copy will be known by, see texts.h; NULL: it is for one VM only. 0;
 * -ECANCELED: INSIDE has something to say; -ESTALE: the program was changed meanwhile; or another -errno.
 */
int copy_program(const Jail *jail, int from_fd, const char *text, int fd, mode_t mode) _must_check_;

/* What to say after -ESTALE. */
#define COPY_CHANGED "was changed while it was copied; start again, and next time replace it by rename"
