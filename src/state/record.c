/* SPDX-License-Identifier: Apache-2.0 */

/* The lines of a record: one table for reading, writing and appending. A new kind of line is a row. */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fd-util.h"

#define RECORD_SIZE_MAX 65536

typedef struct Line {
        const char *key;
        StateMoment moment;
        /* May change the value. 0, -ENOMEM, or another -errno: it is none that we write. */
        int (*read)(char *value, void *field);
        /* A line for each value; none if it is unset. */
        void (*write)(FILE *f, const char *key, const void *field);
        size_t offset; /* of the field in State */
} Line;

static int read_u32(char *value, void *field)
{
        return parse_u32(value, 0, UINT32_MAX, field);
}

static void write_u32(FILE *f, const char *key, const void *field)
{
        fprintf(f, "%s=%" PRIu32 "\n", key, *(const uint32_t *) field);
}

static int read_u64(char *value, void *field)
{
        return parse_u64(value, 0, UINT64_MAX, field);
}

static void write_u64(FILE *f, const char *key, const void *field)
{
        fprintf(f, "%s=%" PRIu64 "\n", key, *(const uint64_t *) field);
}

static void write_if_u64(FILE *f, const char *key, const void *field)
{
        if (*(const uint64_t *) field != 0)
                write_u64(f, key, field);
}

static int read_flag(char *value, void *field)
{
        return parse_yes_no(value, field);
}

static void write_flag(FILE *f, const char *key, const void *field)
{
        fprintf(f, "%s=%s\n", key, *(const bool *) field ? "yes" : "no");
}

static void write_if_yes(FILE *f, const char *key, const void *field)
{
        if (*(const bool *) field)
                write_flag(f, key, field);
}

static int read_string(char *value, void *field)
{
        char **string = field;

        free(*string);
        *string = strdup(value);
        return *string ? 0 : -ENOMEM;
}

static void write_string(FILE *f, const char *key, const void *field)
{
        const char *value = *(char *const *) field;

        if (value)
                fprintf(f, "%s=%s\n", key, value);
}

/* They become names of files, which a cleanup removes. */
static int read_id(char *value, void *field)
{
        return jailer_id_valid(value) ? read_string(value, field) : -EINVAL;
}

static int read_path(char *value, void *field)
{
        return path_valid(value) ? read_string(value, field) : -EINVAL;
}

/* Relative or absolute. */
static int read_any_path(char *value, void *field)
{
        char path[PATH_MAX];

        (void) snprintf(path, sizeof(path), "%s%s", value[0] == '/' ? "" : "/", value);
        return path_valid(path) && strlen(value) < PATH_MAX - 1 ? read_string(value, field) : -EINVAL;
}

/* 0 in the place of Firecracker's jailer, with FCJAIL_JAILER_ROOT=yes. */
static int read_vm_id(char *value, void *field)
{
        return strcmp(value, "0") == 0 ? parse_u32(value, 0, 0, field) : parse_vm_id(value, field);
}

/* Of a uid and a gid alike. */
static void write_vm_id(FILE *f, const char *key, const void *field)
{
        if (*(const uint32_t *) field != UID_INVALID)
                write_u32(f, key, field);
}

static int read_tap(char *value, void *field)
{
        StateTaps *taps = field;

        if (taps->n == STATE_TAPS_MAX || !ifname_valid(value))
                return -EINVAL;
        return read_string(value, &taps->names[taps->n++]);
}

static void write_taps(FILE *f, const char *key, const void *field)
{
        const StateTaps *taps = field;

        FOREACH_ARRAY (name, taps->names, taps->n)
                fprintf(f, "%s=%s\n", key, *name);
}

static int read_file_name(char *value, void *field)
{
        return filename_valid(value) ? read_string(value, field) : -EINVAL;
}

static int read_name(char *value, void *field)
{
        StateNames *names = field;

        return names->n == STATE_NAMES_MAX ? -EINVAL : read_file_name(value, &names->names[names->n++]);
}

static int read_whole_path(char *value, void *field)
{
        StateNames *names = field;

        return names->n == STATE_NAMES_MAX ? -EINVAL : read_path(value, &names->names[names->n++]);
}

/* It becomes the name of a claim, which a cleanup gives back. */
static int read_image(char *value, void *field)
{
        return claim_image_name_valid(value) ? read_name(value, field) : -EINVAL;
}

static void write_names(FILE *f, const char *key, const void *field)
{
        const StateNames *names = field;

        FOREACH_ARRAY (name, names->names, names->n)
                fprintf(f, "%s=%s\n", key, *name);
}

/* Each time all of them are written. */
static int read_loop(char *value, void *field)
{
        StateLoops *loops = field;
        uint32_t number;
        int r;

        r = parse_u32(value, 0, UINT32_MAX, &number);
        if (r < 0)
                return r;
        FOREACH_ARRAY (n, loops->numbers, loops->n)
                if (*n == number)
                        return 0;
        if (loops->n == STATE_LOOPS_MAX)
                return -EINVAL;
        loops->numbers[loops->n++] = number;
        return 0;
}

static void write_loops(FILE *f, const char *key, const void *field)
{
        const StateLoops *loops = field;

        FOREACH_ARRAY (n, loops->numbers, loops->n)
                fprintf(f, "%s=%" PRIu32 "\n", key, *n);
}

/* "name index", of a TAP that an earlier line has named. */
static int read_index(char *value, void *field)
{
        StateTaps *taps = field;
        uint32_t ifindex;

        char *space = strchr(value, ' ');
        if (!space || parse_u32(space + 1, 1, INT32_MAX, &ifindex) < 0)
                return -EINVAL;
        *space = '\0';
        for (size_t i = 0; i < taps->n; i++) {
                if (strcmp(taps->names[i], value) != 0)
                        continue;
                taps->indexes[i] = (int) ifindex;
                return 0;
        }
        return -EINVAL;
}

static void write_index(FILE *f, const char *key, const void *field)
{
        const StateTaps *taps = field;

        for (size_t i = 0; i < taps->n; i++)
                if (taps->indexes[i] > 0)
                        fprintf(f, "%s=%s %i\n", key, taps->names[i], taps->indexes[i]);
}

static int read_vmm(char *value, void *field)
{
        ProcRef *vmm = field;
        uint32_t pid;
        uint64_t start;
        int r;

        char *space = strchr(value, ' ');
        if (!space)
                return -EINVAL;
        *space = '\0';
        r = parse_u32(value, 1, INT32_MAX, &pid);
        if (r >= 0)
                r = parse_u64(space + 1, 0, UINT64_MAX, &start);
        if (r < 0)
                return r;

        vmm->pid = (pid_t) pid;
        vmm->start = start;
        return 0;
}

static void write_vmm(FILE *f, const char *key, const void *field)
{
        const ProcRef *vmm = field;

        if (vmm->pid > 0)
                fprintf(f, "%s=%i %" PRIu64 "\n", key, vmm->pid, vmm->start);
}

/* clang-format off */
static const Line lines[] = {
        { "VERSION",       STATE_BEGIN, read_u32,    write_u32,    offsetof(State, version) },
        { "ID",            STATE_BEGIN, read_id,     write_string, offsetof(State, id) },
        { "BOOT_ID",       STATE_BEGIN, read_string, write_string, offsetof(State, boot) },
        { "MACHINE_ID",    STATE_BEGIN, read_string, write_string, offsetof(State, machine) },
        { "PID_NAMESPACE", STATE_BEGIN, read_u64,    write_u64,    offsetof(State, vmm.ns) },
        { "INVOCATION_ID", STATE_BEGIN, read_string, write_string, offsetof(State, invocation) },
        { "CHROOT_DIR",    STATE_BEGIN, read_path,   write_string, offsetof(State, chroot_dir) },
        { "VMM_NAME",      STATE_BEGIN, read_file_name, write_string, offsetof(State, vmm_name) },
        { "VM_OWNS_ROOT",  STATE_BEGIN, read_flag,   write_if_yes,  offsetof(State, vm_owns_root) },
        { "TEXT",          STATE_BEGIN, read_file_name, write_string, offsetof(State, text) },
        { "FILE",          STATE_BEGIN, read_name,   write_names,  offsetof(State, files) },
        { "PLACE",         STATE_BEGIN, read_name,   write_names,  offsetof(State, places) },
        { "TREE",          STATE_BEGIN, read_name,   write_names,  offsetof(State, trees) },
        { "MOUNT_POINT",   STATE_BEGIN, read_whole_path, write_names, offsetof(State, mount_points) },
        { "LOG",           STATE_BEGIN, read_any_path, write_string, offsetof(State, log) },
        { "SOCK",          STATE_BEGIN, read_file_name, write_string, offsetof(State, sock) },
        { "API",           STATE_BEGIN, read_path,   write_string, offsetof(State, api) },
        { "NETNS",         STATE_BEGIN, read_string, write_string, offsetof(State, netns) },
        { "SUPERVISED",    STATE_BEGIN, read_flag,   write_flag,   offsetof(State, supervised) },
        { "KEEP",          STATE_BEGIN, read_flag,   write_flag,   offsetof(State, keep) },
        { "STOP_SECONDS",  STATE_BEGIN, read_u32,    write_u32,    offsetof(State, stop_seconds) },
        { "REDIRECT",      STATE_BEGIN, read_name,   write_names,  offsetof(State, redirects) },
        { "UPLINK",        STATE_BEGIN, read_file_name, write_string, offsetof(State, uplink) },
        { "TAP",           STATE_BEGIN, read_tap,    write_taps,   offsetof(State, taps) },
        { "UID",           STATE_UID,   read_vm_id,  write_vm_id,  offsetof(State, uid) },
        { "GID",           STATE_UID,   read_vm_id,  write_vm_id,  offsetof(State, gid) },
        { "IMAGE",         STATE_IMAGES, read_image, write_names,  offsetof(State, images) },
        { "LOOP",          STATE_LOOPS, read_loop,  write_loops,  offsetof(State, loops) },
        { "VMM",           STATE_VMM,   read_vmm,    write_vmm,    offsetof(State, vmm) },
        { "TEXT_INODE",    STATE_VMM,   read_u64,    write_if_u64, offsetof(State, text_inode) },
        { "STOP_BY",       STATE_STOP,  read_string, write_string, offsetof(State, stop_by) },
        { "CGROUP",        STATE_CGROUP, read_whole_path, write_names, offsetof(State, cgroups) },
        { "TAP_INDEX",     STATE_TAP,   read_index,  write_index,  offsetof(State, taps) },
};
/* clang-format on */

/* For the log: a version of fcjail that knows such lines has made what it names. */
static int add_unknown(State *s, const char *line)
{
        char *longer = NULL;

        if (ASPRINTF(&longer, "%s%s%s", s->unknown ? s->unknown : "", s->unknown ? "\n" : "", line) < 0)
                return -ENOMEM;
        free(s->unknown);
        s->unknown = longer;
        return 0;
}

/* Letters, digits and '_', then '='. */
static bool is_line(const char *text)
{
        size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        return n > 0 && text[n] == '=';
}

static int read_line(char *text, State *s)
{
        if (!is_line(text))
                return -EBADMSG;

        char *value = strchr(text, '=') + 1;
        FOREACH_ARRAY (l, lines, ELEMENTSOF(lines)) {
                size_t n = strlen(l->key);
                if (strncmp(text, l->key, n) == 0 && text[n] == '=') {
                        int r = l->read(value, (char *) s + l->offset);
                        return r < 0 && r != -ENOMEM ? -EBADMSG : r;
                }
        }

        return add_unknown(s, text);
}

/* Everything is made after "COMPLETE" only; what ends earlier, or is no whole line, tells of nothing. */
static int read_lines(char *text, State *s)
{
        bool complete = false;
        int r;

        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (strcmp(line, "COMPLETE") == 0) {
                        complete = true;
                        continue;
                }
                r = read_line(line, s);
                if (r < 0)
                        return r;
        }

        if (!complete)
                return -ENODATA;
        return s->id && s->boot && s->invocation && s->chroot_dir && s->vmm_name ? 0 : -EBADMSG;
}

int state_read(int fd, State *ret)
{
        _cleanup_state_ State s = STATE_NULL;
        _cleanup_free_ char *text = malloc(RECORD_SIZE_MAX);
        int r;

        if (!text)
                return -ENOMEM;

        ssize_t n = pread(fd, text, RECORD_SIZE_MAX - 1, 0);
        if (n < 0)
                return errno == EISDIR || errno == ESPIPE ? -EBADMSG : -errno;
        if ((size_t) n == RECORD_SIZE_MAX - 1 || memchr(text, '\0', (size_t) n))
                return -EBADMSG;
        text[n] = '\0';

        r = read_lines(text, &s);
        if (r < 0)
                return r;

        *ret = s;
        s = STATE_NULL;
        return 0;
}

/* In one write(2): a writer that dies leaves whole lines and at most a part of one. The first is before the last. */
static int append_lines(int fd, const State *s, StateMoment first, StateMoment last, const char *end)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -errno;
        FOREACH_ARRAY (l, lines, ELEMENTSOF(lines))
                if (l->moment >= first && l->moment <= last)
                        l->write(f, l->key, (const char *) s + l->offset);
        (void) fputs(end, f);
        if (fclose(f) != 0)
                return -ENOMEM;

        ssize_t n = write(fd, text, size);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EIO;
}

/* Most records are new. To cut an empty file is not free: ext4 writes such a file to the disk when it is closed. */
int state_write(int fd, const State *s)
{
        off_t size = lseek(fd, 0, SEEK_END);

        if (size < 0 || (size > 0 && (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)))
                return -errno;
        return append_lines(fd, s, STATE_BEGIN, STATE_BEGIN, "COMPLETE\n");
}

int state_write_all(int fd, const State *s)
{
        return append_lines(fd, s, STATE_BEGIN, STATE_MOMENT_LAST, "COMPLETE\n");
}

int state_append(int fd, const State *s, StateMoment moment)
{
        if (lseek(fd, 0, SEEK_END) < 0)
                return -errno;
        return append_lines(fd, s, moment, moment, "");
}
