/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The only way from a path in a configuration to a descriptor. Every directory on the way, and the object
 * itself, must belong to root and be writable by nobody else, so that nobody else can make it mean another
 * object. A sticky directory of root's, such as /tmp, may be on the way: others cannot exchange what root has there.
 * openat2() would do half of it, but it is ENOSYS under RestrictSUIDSGID= and DynamicUser=.
 */

#include <sys/stat.h>

#include "macro.h"

typedef enum ChaseFlags {
        CHASE_DEFAULT = 0,
        /* Create the last component as a directory, 0755 less the umask, if it is missing. */
        CHASE_MKDIR = 1 << 0,
} ChaseFlags;

/*
 * Opens an absolute path with open_flags (O_CLOEXEC and O_NOFOLLOW are added). A symbolic link is followed
 * if root owns it (at most 40 of them).
 *
 * Returns a descriptor, or
 *   -EPERM  a component does not belong to root, or its group or others may write to it
 *   -ENOLINK  a symbolic link does not belong to root
 *   -EUSERS  the object itself is such a sticky directory
 *   -EMLINK  in such a directory, a file or link with another name: others may have made this one
 *   -ELOOP  symbolic links that form a loop, or too many of them
 *   other   as openat(2)
 * On error *ret_culprit, if wanted, is the path of the component at fault (to be freed; NULL when out of
 * memory).
 */
int chase_open(const char *path, int open_flags, ChaseFlags flags, char **ret_culprit) _must_check_;

/* Directories that a path leads through and that are not root's. */
#define CHASE_DIRS_MAX 16

typedef struct ChaseDirs {
        struct {
                dev_t dev;
                ino_t ino;
        } items[CHASE_DIRS_MAX];
        size_t n_items;
} ChaseDirs;

#define CHASE_FOREIGN  (-EXDEV) /* it has another owner than the directory it is in, and that is not root's */
#define CHASE_WRITABLE (-EREMOTE) /* a directory on the way: its group or others may write to it */
#define CHASE_LINK     (-ESRMNT)  /* a symbolic link in a directory that is not root's */

/*
 * The same with O_PATH for what is bound into a jail, which may be somebody's: any object, and below a directory of
 * somebody's only what belongs to the same one. So nobody can lead the walk to what is another's, root's included. Each
 * component is looked up with the file-system uid of the owner of its directory: root may lack the capability to do without.
 *
 * Returns a descriptor, or as chase_open(), CHASE_FOREIGN, CHASE_WRITABLE, CHASE_LINK, or -ENAMETOOLONG: there are more
 * directories of others than ret_dirs takes.
 */
int chase_source(const char *path, ChaseDirs *ret_dirs, struct stat *ret_st, char **ret_culprit)
        _must_check_;

/* The object exists, but others than root could replace it. */
bool chase_is_unsafe(int r);

/* The sentence part for a message: "is not owned by root, …; `chown root:root` and `chmod go-w` it" for -EPERM
 * and so on; strerror for the rest. */
const char *chase_strerror(int r);

/* The two halves of that; without a remedy, which only what is unsafe has, the second is NULL. */
const char *chase_text(int r);
const char *chase_remedy(int r);
