/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a jail is on the host: <base>/<name of the VMM>/<id>/root, the layout of Firecracker's own jailer. Whoever goes
 * down there, or names a part of it, asks here.
 */

#include <limits.h>

typedef struct Layout {
        const char *base; /* FCJAIL_CHROOT_DIR= */
        const char *vmm_name;
        const char *id;
} Layout;

/* The directories below the base, on the way down. */
typedef enum LayoutLevel {
        LAYOUT_VMMS, /* of all jails with such a VMM; never removed */
        LAYOUT_VM,   /* of one VM */
        LAYOUT_ROOT, /* what becomes its "/" */
        _LAYOUT_LEVEL_MAX,
} LayoutLevel;

/* The name of the directory in the one above it. */
const char *layout_name(const Layout *l, LayoutLevel level);

/* The path on the host of that directory or, unless it is "", of something below it. Cut if it is too long. */
const char *layout_path(const Layout *l, LayoutLevel level, const char *below, char ret[PATH_MAX]);

/* A short way to the VM's run/, for clients: a link with the VM's id as its name. */
#define LAYOUT_SOCK_DIR "sock"
#define LAYOUT_SOCKS    "/run/fcjail/" LAYOUT_SOCK_DIR

/* Its path or, unless it is "", that of something in run/. */
const char *layout_sock(const Layout *l, const char *below, char ret[PATH_MAX]);
