/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config-table.h"
#include "fd-util.h"
#include "host.h"
#include "log.h"
#include "parse.h"
#include "text.h"
#include "unit.h"

static bool is_set(char *const *environment, const char *assignment)
{
        size_t n = strcspn(assignment, "=") + 1;

        for (char *const *e = environment; e && *e; e++)
                if (strncmp(*e, assignment, n) == 0)
                        return true;
        return false;
}

/* Root's ids mean no VM's. */
static uint32_t but_root(uint32_t id)
{
        return id != 0 ? id : UID_INVALID;
}

/* By reading /etc/passwd: a name service could block, or be answered by somebody else. */
static bool find_user(const char *name, Caller *ret)
{
        uint32_t id;

        if (parse_u32(name, 0, UINT32_MAX, &id) >= 0) {
                ret->uid = ret->gid = but_root(id);
                return true;
        }
        _cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
        for (struct passwd *pw; f && (pw = fgetpwent(f));)
                if (strcmp(pw->pw_name, name) == 0) {
                        ret->uid = but_root(pw->pw_uid);
                        ret->gid = but_root(pw->pw_gid);
                        return true;
                }
        return false;
}

static bool find_group(const char *name, Caller *ret)
{
        uint32_t id;

        if (parse_u32(name, 0, UINT32_MAX, &id) >= 0) {
                ret->gid = but_root(id);
                return true;
        }
        if (host_group(name, &id) < 0)
                return false;
        ret->gid = but_root(id);
        return true;
}

/* What of the unit counts is worth a note. 0 or -ENOMEM. */
#define SETS(unit, f, ...) findings_add(f, SEVERITY_NOTE, 0, EX_OK, unit, NULL, "sets " __VA_ARGS__)

/* The environment of the process overrides it. */
static int note_environment(const char *unit, char *const *environment, Findings *f)
{
        int r = 0;

        for (char *const *e = environment; e && *e && r >= 0; e++)
                if (config_key_is_ours(*e) && !is_set(environ, *e))
                        r = SETS(unit, f, "%s", *e);
        return r;
}

static int take_user(const SystemdUnit *u, Caller *c, Findings *f)
{
        c->uid_later = u->dynamic_user;
        if (u->dynamic_user)
                return SETS(c->unit, f, "DynamicUser=yes, so systemd chooses the uid");
        if (!u->user[0])
                return 0;
        return SETS(c->unit, f, "User=%s%s", u->user,
                    find_user(u->user, c) ? "" : ", which is not in /etc/passwd");
}

static int take_group(const SystemdUnit *u, Caller *c, Findings *f)
{
        if (u->dynamic_user || !u->group[0])
                return 0;
        return SETS(c->unit, f, "Group=%s%s", u->group,
                    find_group(u->group, c) ? "" : ", which is not in /etc/group");
}

static int take_netns(const SystemdUnit *u, Caller *c, Findings *f)
{
        c->own_netns = systemd_unit_has_netns(u) ? TRISTATE_YES : TRISTATE_NO;
        if (u->netns_path[0])
                return SETS(c->unit, f, "NetworkNamespacePath=%s", u->netns_path);
        return u->private_network ? SETS(c->unit, f, "PrivateNetwork=yes") : 0;
}

static int not_seen(const char *unit, int error, Findings *f)
{
        int r;

        if (systemd_is_init() && geteuid() == 0) {
                log_error("Failed to read the settings of %s from systemd: %s", unit, strerror(-error));
                return EX_UNAVAILABLE;
        }

        r = findings_add(f, SEVERITY_NOTE, 0, EX_OK, unit, NULL,
                         "is not checked, because systemd does not answer");
        return r < 0 ? EX_OSERR : EX_OK;
}

int unit_caller(const char *id, SystemdUnit *u, Caller *ret, Findings *f)
{
        int r;

        *ret = (Caller){ .uid = UID_INVALID, .gid = GID_INVALID };
        (void) snprintf(ret->unit, sizeof(ret->unit), "fcjail@%s.service", id);
        r = systemd_unit_query(ret->unit, u);
        if (r < 0)
                return not_seen(ret->unit, r, f);

        ret->unit_environment = u->environment;
        r = note_environment(ret->unit, u->environment, f);
        if (r >= 0)
                r = take_user(u, ret, f);
        if (r >= 0)
                r = take_group(u, ret, f);
        if (r >= 0)
                r = take_netns(u, ret, f);
        return r < 0 ? EX_OSERR : EX_OK;
}

/* Directives that take from a start what it needs; any value of them does. */
static int check_directives(const SystemdUnit *u, Findings *f)
{
        const struct {
                const char *name;
                bool set;
        } directives[] = {
                { "PrivateUsers=", u->private_users },
                { "PrivateDevices=", u->private_devices },
                { "ProcSubset=pid", u->proc_subset && strcmp(u->proc_subset, "pid") == 0 },
                { "RootDirectory=", u->root_directory && u->root_directory[0] },
        };

        FOREACH_ARRAY (d, directives, ELEMENTSOF(directives))
                if (d->set && findings_add(f, SEVERITY_ERROR, -EINVAL, EX_CONFIG, d->name, NULL,
                                           "no VM can start with it; remove it from the unit") == -ENOMEM)
                        return -ENOMEM;
        return 0;
}

/* systemd makes no user with the name of a group that is there. Without User= it takes the name from the unit's. */
static int check_dynamic_user(const SystemdUnit *u, Findings *f)
{
        Caller ignored;
        gid_t gid;

        if (!u->dynamic_user || !u->user[0] || find_user(u->user, &ignored) || host_group(u->user, &gid) < 0)
                return 0;
        return findings_add(f, SEVERITY_ERROR, -EINVAL, EX_CONFIG,
                            "DynamicUser=", "also set User= in the unit, such as User=vm-%i",
                            "systemd cannot create the user '%s', because a group of this name exists",
                            u->user);
}

/* systemd opens it before it executes a start, whatever FCJAIL_NETNS= says. */
static int check_netns_path(const SystemdUnit *u, Findings *f)
{
        const bool set = u->netns_path && u->netns_path[0];
        _cleanup_close_ int fd = set ? netns_open(u->netns_path) : -EBADF;

        if (fd == -ENOENT)
                return findings_add(f, SEVERITY_ERROR, fd, EX_NOINPUT, "NetworkNamespacePath=",
                                    "create it with `ip netns add`, before the unit starts",
                                    "%s does not exist", u->netns_path);
        if (fd == -ENOTTY || fd == -ENXIO)
                return findings_add(f, SEVERITY_ERROR, fd, EX_NOINPUT, "NetworkNamespacePath=", NULL,
                                    "%s is not a network namespace", u->netns_path);
        return 0;
}

/* An ExecStop= that outlives TimeoutStopSec= makes the stop a failure. */
static int check_times(const SystemdUnit *u, const Plan *p, Findings *f)
{
        if (u->timeout_stop_usec == 0 || p->stop_seconds * UINT64_C(1000000) < u->timeout_stop_usec)
                return 0;
        return findings_add(f, SEVERITY_WARNING, 0, EX_OK,
                            "FCJAIL_STOP=", "raise TimeoutStopSec=, or a slow stop fails",
                            "waits %u s, but TimeoutStopSec= of the unit is only %" PRIu64 " s",
                            p->stop_seconds, u->timeout_stop_usec / 1000000);
}

int unit_check(const SystemdUnit *u, const Plan *p, Findings *f)
{
        if (check_directives(u, f) == -ENOMEM || check_dynamic_user(u, f) == -ENOMEM ||
            check_netns_path(u, f) == -ENOMEM || check_times(u, p, f) == -ENOMEM)
                return -ENOMEM;
        return 0;
}
