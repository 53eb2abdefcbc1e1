/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* System call filters in the form that the kernel takes: classic BPF over struct seccomp_data. */

#include <linux/filter.h>
#include <stddef.h>

#include "macro.h"

/*
 * Reads a compiled filter, as seccompiler-bin, libseccomp's export and others write it: an array of struct
 * sock_filter that begins by looking at the architecture. *ret is to be freed. -EBADMSG: it is none, and
 * *ret_why (to be freed) continues a sentence about the file; -ENOMEM; or as read(2).
 */
int filter_read(int fd, struct sock_filter **ret, size_t *ret_n, char **ret_why) _must_check_;
