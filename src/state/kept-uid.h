/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which uid a VM had whose jail directory outlives it, because others have put files there, or because of FCJAIL_KEEP=yes. Some
 * of these files may belong to the uid. So the VM gets it again, and no other VM gets it if there is a choice.
 *
 *     /run/fcjail/kept/<id>.id     -> <uid>
 *     /run/fcjail/kept/<uid>.uid   -> <id>
 *
 * A hint, not a claim: no protection rests on it, so there is no lock, and what is damaged counts for nothing.
 */

#include "state.h"

/* The uid that this id had. 0, -ENOENT or another -errno. */
int kept_uid_find(const StateRoot *root, const char *id, uid_t *ret) _must_check_;

/* 1 if the uid is that of another id, 0 if not, or -errno. */
int kept_uid_is_anothers(const StateRoot *root, uid_t uid, const char *id) _must_check_;

/* 0 or -errno. */
int kept_uid_remember(const StateRoot *root, const char *id, uid_t uid) _must_check_;
int kept_uid_forget(const StateRoot *root, const char *id) _must_check_;
