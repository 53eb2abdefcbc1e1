/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a start adds to the VM's copy of Firecracker's JSON configuration. Pure: text in, text out. */

#include "macro.h"

/*
 * Puts an argument in front of the guest's boot arguments, so that it is not behind a "--", and the MAC of the guest into the
 * interface of the TAP, if that has none (NULL: leave it). `text` is what vmm_files_read() has taken. 0 and *ret, to be freed;
 * -EBADMSG: *ret_why (to be freed) continues a sentence about the configuration; or -ENOMEM.
 */
int vmm_edit_network(const char *text, const char *tap, const char *mac, const char *argument, char **ret,
                     char **ret_why) _must_check_;
