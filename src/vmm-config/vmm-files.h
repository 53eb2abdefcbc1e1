/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What Firecracker's JSON configuration names on its host: files, sockets, TAPs; and what it needs of its resources. Pure:
 * text in, a list out. */

#include "macro.h"

typedef enum VmmAccess {
        VMM_OPENS,    /* a file, which must exist */
        VMM_CREATES,  /* a file or FIFO that the VMM writes, and makes if there is none */
        VMM_BINDS,    /* a socket that the VMM makes; nothing may have its name */
        VMM_CONNECTS, /* a socket of another process */
        VMM_ATTACHES, /* a TAP device, by its name */
} VmmAccess;

typedef struct VmmFile {
        VmmAccess access;
        const char *role;         /* what it is to the VMM: "drive" */
        bool not_empty;           /* the VMM refuses an empty file */
        bool may_be_loop;         /* the VMM takes a loop device instead of the file */
        bool read_only;           /* how the VMM opens it */
        const char *read_only_by; /* the member that says so; NULL: nothing could change it */
        bool async;               /* the VMM reads and writes it by io_uring */
        bool limited;  /* a rate limiter of the VMM bounds what the guest does with it, in both directions */
        char *pointer; /* where it is named: "/drives/0/path_on_host" (RFC 6901) */
        char *label;   /* what Firecracker calls it, such as the drive_id; NULL: nothing */
        char *path;    /* as the VMM sees it; of a TAP its name */
        char *mac;     /* of a TAP: "guest_mac"; NULL: the guest chooses */
} VmmFile;

/* How large the VM is. */
typedef struct VmmMachine {
        unsigned mem_mib;
        unsigned hotplug_mib; /* what can be added while it runs */
        bool huge_pages;      /* all of it in huge pages of 2 MiB, of the host's pool */
} VmmMachine;

typedef struct VmmFiles {
        VmmFile *items;
        size_t n_items;
        VmmMachine machine;
        char **unknown; /* sections that Firecracker does not know, and therefore ignores */
        size_t n_unknown;
} VmmFiles;

void vmm_files_done(VmmFiles *f);
#define _cleanup_vmm_files_ _cleanup_(vmm_files_done)

#define VMM_CONFIG_SIZE_MAX (1024 * 1024)

/*
 * Reads a configuration of at most VMM_CONFIG_SIZE_MAX bytes, as strictly as Firecracker does. *ret gets what it names,
 * in the order of the table in vmm-files.c. 0; -EBADMSG: *ret_why (to be freed) continues a sentence about the
 * configuration; or -ENOMEM.
 */
int vmm_files_read(const char *text, size_t size, VmmFiles *ret, char **ret_why) _must_check_;
