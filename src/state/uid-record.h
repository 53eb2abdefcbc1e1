/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which VM has which uid. Two VMs with one uid could signal and trace each other, so a uid belongs to one running VM, unless
 * both VMs set FCJAIL_SHARED_UID=yes.
 *
 *     /run/fcjail/uid/<uid>               -> <id>/<invocation>    alone
 *     /run/fcjail/uid/<uid>.shared/<id>   -> <id>/<invocation>    shared
 *
 * symlinkat(2) makes a link together with its content, so there is no half-made record. All changes are made
 * under one short lock on the directory. A record whose start is provably over counts for nothing.
 */

#include "state.h"

/* The uid now belongs to this start. 0 or -errno. *ret_owner (to be freed) is the id of the VM that has the uid (-EBUSY), or
 * may have it (another -errno, see state_why_unknown()). -EBADMSG without an owner: the uid's own record is damaged. */
int uid_record_claim(const StateRoot *root, uid_t uid, bool shared, const State *s, char **ret_owner)
        _must_check_;

/* Removes the record if it is this start's; 0 also if it is another's or not there. */
int uid_record_release(const StateRoot *root, uid_t uid, const State *s) _must_check_;
