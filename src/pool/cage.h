/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cage: a mount namespace that holds an empty, read-only tmpfs and nothing else, for all starts.
 *
 *     /run/fcjail/cage/       root's alone, a private mount (pin.h)
 *     /run/fcjail/cage/mnt    the namespace
 *
 * A new mount namespace is a copy of the one that its maker is in. The host's has a mount for each container, snap and user,
 * and the kernel copies them under a global lock. A start that enters the cage first copies one mount. Nothing lives in the cage
 * itself: each VM has its copy, so the cage can go and come while they run.
 *
 * See D98 in docs/decisions.md.
 */

#include "macro.h"

#define CAGE_PATH "/run/fcjail/cage"

/*
 * Opens the cage in /run/fcjail. A descriptor, or
 *
 *   -ENOENT  there is none
 *   -ENOTTY  its name is there, but not the namespace: this mount namespace does not have the pin, or it is being made
 *
 * which both mean that a start does without; or another -errno, which somebody has to look at: those that are about what is
 * there (cage_is_wrong()), as pin_open() and pin_dir_open() say it, and those of a call that failed.
 */
int cage_open(int run_fd) _must_check_;

/* Whether a start does without the cage, by what cage_open() has returned. */
bool cage_is_absent(int r) _pure_;

/* Whether such an error, or -EBADE of cage_enter(), says that what is there is not as cage_make() makes it. All others, such as
 * -EPERM and -EMFILE, say nothing about the cage. */
bool cage_is_wrong(int r) _pure_;

/* What helps against what cage_is_wrong() says; NULL: nothing is wrong with it. */
const char *cage_remedy(int r) _pure_;

/* What such an error means, as the rest of a sentence about CAGE_PATH. */
const char *cage_strerror(int r);

/*
 * Takes this process into a copy of the cage that is its own, as CLONE_NEWNS does it with the host's mounts, and looks at what is
 * there. "/" and the working directory are the tmpfs afterwards. 0; -EBADE: it is not what cage_make() has made; or another
 * -errno. After an error the process must not go on: it is somewhere else.
 */
int cage_enter(int cage_fd) _must_check_;

/* Opens the cage and enters it in a child. 0, or the errors of both. */
int cage_check(int run_fd) _must_check_;

/* Makes the cage, unless there is one that cage_check() finds nothing against. 1; 0: there was one already; or -errno. One that
 * could not be looked at stays. Not for two at a time. */
int cage_make(int run_fd) _must_check_;

/* 0 also if there is none. */
int cage_remove(int run_fd) _must_check_;
