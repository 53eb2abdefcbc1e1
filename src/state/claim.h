/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a running VM has for itself, by name:
 *
 *     uid     "<uid>". Two VMs with one uid could signal and trace each other.
 *     image   "<major>:<minor>:<inode>" of a file or directory, "b<major>:<minor>" of a block device: what the VM can
 *             write outside of its jail directory. Two VMs that write one file system destroy it.
 *
 * A name belongs to one running VM, unless all that have it say that they share it.
 *
 *     /run/fcjail/<kind>/<name>               -> <id>/<invocation>    alone
 *     /run/fcjail/<kind>/<name>.shared/<id>   -> <id>/<invocation>    shared
 *
 * symlinkat(2) makes a link together with its content, so there is no half-made record. All changes are made
 * under one short lock on the directory. A record whose start is provably over counts for nothing.
 */

#include <sys/stat.h>

#include "state.h"

typedef enum ClaimKind {
        CLAIM_UID,
        CLAIM_IMAGE,
} ClaimKind;

/* Of the longest name. */
#define CLAIM_NAME_MAX 48

const char *claim_uid_name(uid_t uid, char buf[CLAIM_NAME_MAX]);
const char *claim_image_name(const struct stat *st, char buf[CLAIM_NAME_MAX]);

/* Whether it is one that claim_image_name() writes. */
bool claim_image_name_valid(const char *name) _pure_;

/* The name now belongs to this start. 0 or -errno. *ret_owner (to be freed) is the id of the VM that has the name (-EBUSY), or
 * may have it (another -errno, see state_why_unknown()). -EBADMSG without an owner: the name's own record is damaged. */
int claim_take(const StateRoot *root, ClaimKind kind, const char *name, bool shared, const State *s,
               char **ret_owner) _must_check_;

/* Removes the record if it is this start's; 0 also if it is another's or not there. */
int claim_release(const StateRoot *root, ClaimKind kind, const char *name, const State *s) _must_check_;

/* Calls `each` with every record: s has the id and the invocation, as claim_release() needs them. 0 or -errno. Takes no lock. */
int claims_each(const StateRoot *root,
                void (*each)(ClaimKind kind, const char *name, const State *s, void *userdata),
                void *userdata) _must_check_;

/*
 * 1 if the name belongs to a VM of another id than this start's, alone or shared, and *ret_owner is the id. 0: to none. -errno
 * as claim_take(). Takes no lock and changes nothing: who claims the name while this looks is not seen.
 */
int claim_look(const StateRoot *root, ClaimKind kind, const char *name, const State *s, char **ret_owner)
        _must_check_;
