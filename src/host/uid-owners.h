/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who else has uids, from /etc/passwd and /etc/subuid, without a name service, which could block a start, or be answered by
 * somebody else. */

#include "findings.h"
#include "plan.h"

typedef struct UidOwner {
        UidRange range; /* one uid of /etc/passwd, or those of a line of /etc/subuid */
        const char *file;
        char *name;
} UidOwner;

typedef struct UidOwners {
        UidOwner *items;
        size_t n;
} UidOwners;

void uid_owners_done(UidOwners *o);
#define _cleanup_uid_owners_ _cleanup_(uid_owners_done)

/* All that have a uid of the range. A missing file names nobody, a damaged line neither. 0 or -errno, and *ret_culprit is
 * the file. */
int uid_owners_read(const UidRange *range, UidOwners *ret, const char **ret_culprit) _must_check_;

/* The first that has the uid, or NULL. */
const UidOwner *uid_owners_find(const UidOwners *o, uid_t uid) _pure_;

/* For `check`: a note if the settings give the VM a uid that is somebody else's, or may do so. own_uid is the uid of User= of
 * the unit, or UID_INVALID: that is meant. 0, also with findings, or -ENOMEM. */
int uid_owners_check(const Plan *plan, uid_t own_uid, Findings *f) _must_check_;
