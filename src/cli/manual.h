/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the manual pages and the journal's catalog say, as plain text. It is part of the program: an explanation is needed
 * where something is not as it should be. */

#include "macro.h"

/* Of a key, with its name: "FCJAIL_STOP=". 0, -ENOENT, or -ENOMEM; the text is to be freed. So with the others. */
int manual_key(const char *key, char **ret) _must_check_;

/* The row of an exit status of fcjail. */
int manual_status(const char *status, char **ret) _must_check_;

/* The entry of the catalog for a MESSAGE_ID of 32 hexadecimal digits. */
int manual_message(const char *id, char **ret) _must_check_;
