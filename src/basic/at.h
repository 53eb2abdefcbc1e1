/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One object per call, by directory descriptor and plain name. Nothing here follows a link, reuses an object
 * that was there already unless it says so, or changes an owner: an object gets the file-system uid and gid
 * of the process at its birth. 0 or a descriptor, or -errno; the object is always `name` in `dir_fd`.
 */

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "macro.h"

/* It belongs to root, and neither its group nor others may write to it. */
bool only_root_can_change(const struct stat *st) _pure_;

/* Whether both are of one object. */
bool same_object(const struct stat *a, const struct stat *b) _pure_;

/* "a directory" and so on, for a message about what is another kind of file. */
const char *file_kind(mode_t mode);

/* "." or "..", which every directory has. */
bool at_is_dot(const char *name) _pure_;

/* Opens the directory `name`. -ENOTDIR or -ELOOP if it is something else. */
int at_open_dir(int dir_fd, const char *name) _must_check_;

/* The same for readdir(3). 0 or -errno; *ret is to be closed with closedir(3). */
int at_list_dir(int dir_fd, const char *name, DIR **ret) _must_check_;

/* The name of the next entry but "." and "..". 1; 0: there are no more; or -errno: nobody knows. */
int at_next(DIR *d, const char **ret) _must_check_;

/* As at_open_dir() with O_PATH, for which no permission on the directory itself is needed. */
int at_hold_dir(int dir_fd, const char *name) _must_check_;

/* The directory that the last name of a relative path is in, held so; *ret_name is that name, in `path`. */
int at_hold_parent(int dir_fd, const char *path, const char **ret_name) _must_check_;

/* Makes the directory with exactly this mode, or takes the one that is there, and opens it. A directory that
 * was there is not touched. */
int at_make_dir(int dir_fd, const char *name, mode_t mode) _must_check_;

/* The same; *ret_made says which of the two. */
int at_make_or_take_dir(int dir_fd, const char *name, mode_t mode, bool *ret_made) _must_check_;

/*
 * A place to mount on: an empty file or directory of root's, with a mode by which at_is_place() knows it again in another
 * life. 0, also if there is one already; -EEXIST: something else has the name.
 */
#define PLACE_DIR_MODE 01711
int at_make_place(int dir_fd, const char *name, bool directory) _must_check_;
bool at_is_place(const struct stat *st) _pure_;

/* Makes a device node with exactly this mode. */
int at_make_node(int dir_fd, const char *name, mode_t mode, dev_t rdev) _must_check_;

/* Makes a new empty file with exactly this mode, which it has from its birth, and opens it for writing. */
int at_make_file(int dir_fd, const char *name, mode_t mode) _must_check_;

/* Makes a new file with exactly this mode and content; nothing is left if it fails. */
int at_write_file(int dir_fd, const char *name, mode_t mode, const void *data, size_t size) _must_check_;

/* Makes a new file with exactly this mode that holds what source_fd holds; nothing is left if it fails. The
 * writing descriptor is closed, so that the file can be executed at once. */
int at_copy_file(int dir_fd, const char *name, mode_t mode, int source_fd) _must_check_;

/* Reads a regular file of at most max bytes into a NUL terminated buffer. -EFBIG if it is larger. */
int at_read_file(int dir_fd, const char *name, size_t max, char **ret, size_t *ret_size) _must_check_;

/* Reads where the link leads, NUL terminated, into a buffer of that size. -EBADFD: it is something else than a link;
 * -ENAMETOOLONG. */
int at_read_link(int dir_fd, const char *name, char *buf, size_t size) _must_check_;

/* Removes a file, link, node or empty directory. 0 also if there is none. */
int at_remove(int dir_fd, const char *name) _must_check_;

/* What at_empty_dir() removes at most: more is taken for an attack on our time. */
#define EMPTY_ENTRIES_MAX 200000

/*
 * Removes everything in the directory (O_PATH will do), whatever a hostile owner made of it: links are removed and not
 * followed, mounts are not entered, each directory is worked on with the file-system uid and gid of its own
 * owner, so nothing is removed that this owner could not have removed. -EBUSY: it is a mount point, or one is
 * in it; -E2BIG: there are more entries than that (a directory that is not empty counts twice); what was removed until
 * then stays removed.
 */
int at_empty_dir(int dir_fd) _must_check_;
