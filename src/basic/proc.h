/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which process is meant: a pid alone may have been given to another one. */

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

typedef struct ProcRef {
        pid_t pid;      /* 0: none */
        uint64_t start; /* clock ticks after boot, field 22 of /proc/PID/stat */
        uint64_t ns;    /* the PID namespace in which it has that pid; 0: unknown, taken for ours */
} ProcRef;

/* Pid, start time and state ("R", "Z" …) from the text of /proc/PID/stat, which it changes; ret->ns stays what it was, and
 * ret_state may be NULL. 0 or -EBADMSG. */
int proc_parse_stat(char *text, ProcRef *ret, char *ret_state) _must_check_;

/* Pid and start time of this process, as /proc shows them: also in a new PID namespace, the pid is that on the host. ret->ns
 * stays what it was. 0 or -errno. */
int proc_ref_self(ProcRef *ret) _must_check_;

/* The PID namespace of this process, as the inode of /proc/self/ns/pid. 0 or -errno. */
int pid_namespace(uint64_t *ret) _must_check_;

/* The last thread of the held process has ended. Not by its state in /proc: the first thread may end before the others, and
 * then a running program looks like a zombie. */
bool proc_has_ended(int pid_fd) _must_check_;

/* How the held process has ended, once somebody has reaped it. 1 and *ret as of waitid(2); 0: nobody knows yet; or -errno: the kernel,
 * older than 6.15, does not tell. */
int proc_end(int pid_fd, siginfo_t *ret) _must_check_;

/* A pidfd of the process. -ESRCH: it has provably ended: no process has the pid, a process that started at another time has
 * it, or only a zombie is left. -EREMOTE: it is in another PID namespace, so nothing is known of it. A process that cannot
 * be inspected counts as alive, and *ret_identified (may be NULL) is false, because it may be another one. */
int proc_hold(const ProcRef *ref, bool *ret_identified) _must_check_;

/* 1 if the process lives, 0 if it is provably gone, or -errno. */
int proc_alive(const ProcRef *ref) _must_check_;

/* This boot's id as systemd writes it, 32 hex digits. 0 or -errno. */
int boot_id(char ret[33]) _must_check_;

/* That of this host, of /etc/machine-id, in the same form. 0, -EBADMSG: it has none yet; or another -errno. */
int machine_id(char ret[33]) _must_check_;

/* A number from 0 in a file such as /proc/sys/net/ipv4/ip_forward. 0, -ERANGE or -EINVAL (it is none), or another -errno. */
int proc_number(const char *path, uint64_t *ret) _must_check_;
