/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files that Firecracker's JSON configuration names. Pure: text in, a list out. */

#include "macro.h"

typedef enum VmmFileKind {
        VMM_FILE_KERNEL,
        VMM_FILE_INITRD,
        VMM_FILE_DRIVE,
} VmmFileKind;

typedef struct VmmFile {
        VmmFileKind kind;
        bool read_only; /* how the VMM opens it */
        char *pointer;  /* where it is named: "/drives/0/path_on_host" (RFC 6901) */
        char *label;    /* what Firecracker calls it, such as the drive_id; NULL: nothing */
        char *path;     /* as the VMM sees it */
} VmmFile;

typedef struct VmmFiles {
        VmmFile *items;
        size_t n_items;
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
