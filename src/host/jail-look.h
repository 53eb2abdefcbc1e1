/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One look at a name in the jail, and what is checked of what is there. Only for jail-files.c and its classes. */

#include <limits.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "binds.h"
#include "findings.h"
#include "fs-ids.h"
#include "plan.h"
#include "vmm-files.h"

typedef struct Look Look;

/* What is done with one class of names, and what to say of it. Each check returns 0 or the error of its finding. */
typedef struct JailClass {
        int (*check)(Look *l);
        const char *verb;    /* "… so the VMM cannot <verb> its <role>" */
        const char *missing; /* the remedy if nothing has the name */
        const char *mounted; /* the remedy if it is on another mount */
} JailClass;

struct Look {
        const Plan *plan;
        const HostBind *binds;
        Findings *findings;
        FsIds vm;    /* that of a start without FCJAIL_UID= may be another */
        bool as_vm;  /* the process has these now */
        int root_fd; /* the jail's root, O_PATH; -errno: as of a VM that has never been started */

        /* of the current name */
        const JailClass *class;
        const VmmFile *file;
        int fd;               /* O_PATH; or -errno */
        const FilePlan *made; /* that a start makes, empties or covers; NULL: it leaves the name alone */
        char name[PATH_MAX];  /* in the jail, relative to its root */
        char path[PATH_MAX];  /* on the host */
        char *role;           /* "drive 'disk'" */
};

/* A start of this VM fails, as the VMM cannot do something with what has the name. */
#define CANNOT(l, error, remedy, ...)                                                                       \
        findings_add((l)->findings, SEVERITY_ERROR, error, EX_NOINPUT, (l)->path, remedy, __VA_ARGS__)

/* A start does not fail, but its user may want to know. */
#define NOTE(l, remedy, ...)                                                                                \
        findings_add((l)->findings, SEVERITY_NOTE, 0, EX_OK, (l)->path, remedy, __VA_ARGS__)

/* Goes to the name as the VMM would, and fills in fd (to be closed), made, name and path. */
void look_at(Look *l, const char *path);

/* The findings that there is nothing, and that a start hides what is there. */
int look_not_found(Look *l, int error);
int look_not_kept(Look *l);

/* The name below run/, which is empty when the VMM begins; NULL: it is not there, or in a directory of it. */
const char *look_name_in_run(const Look *l) _pure_;

/* The VM's uid and gid may do that (R_OK, W_OK) with the file at l->fd, also if it is none to open. */
bool look_may(const Look *l, int mode);

/* Whether the path in the jail fits into the address of a socket, if it is one. */
int look_length(Look *l);

/* Whether the VMM can open the regular file at l->fd to read, and to write. */
int look_readable(Look *l, const struct stat *st);
int look_writable(Look *l, const struct stat *st);

/* One check for each VmmAccess. */
int jail_check_opened(Look *l);
int jail_check_created(Look *l);
int jail_check_bound(Look *l);
int jail_check_connected(Look *l);

/* The same of what is in the source of a bind, which is not the file's own. */
int jail_check_in_bind(Look *l, const BindPlan *b, const HostBind *host);

/* What has no path in the jail: TAPs against FCJAIL_TAP=, and sections that Firecracker ignores. 0 or -ENOMEM. */
int jail_check_taps(const Plan *p, const VmmFiles *files, Findings *f);
int jail_check_sections(const Plan *p, const VmmFiles *files, Findings *f);
