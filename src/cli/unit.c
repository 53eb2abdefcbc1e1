/* SPDX-License-Identifier: Apache-2.0 */

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

/* The environment of the process overrides it. */
static void say_environment(char *const *environment)
{
        for (char *const *e = environment; e && *e; e++)
                if (config_key_is_ours(*e) && !is_set(environ, *e))
                        log_info("From the unit: %s", *e);
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

static int not_seen(const char *unit, int r)
{
        if (systemd_is_init() && geteuid() == 0) {
                log_error("Failed to read the settings of %s from systemd: %s", unit, strerror(-r));
                return EX_UNAVAILABLE;
        }

        log_info("systemd does not answer; the settings of %s are not checked", unit);
        return EX_OK;
}

int unit_caller(const char *id, SystemdUnit *u, Caller *ret)
{
        Caller c = { .uid = UID_INVALID, .gid = GID_INVALID };
        int r;

        (void) snprintf(c.unit, sizeof(c.unit), "fcjail@%s.service", id);
        *ret = c;
        r = systemd_unit_query(c.unit, u);
        if (r < 0)
                return not_seen(c.unit, r);

        c.unit_environment = u->environment;
        say_environment(u->environment);
        c.uid_later = u->dynamic_user;
        if (u->dynamic_user)
                log_info("From the unit: DynamicUser=yes, systemd chooses the uid");
        else if (u->user[0])
                log_info("From the unit: User=%s%s", u->user,
                         find_user(u->user, &c) ? "" : ", not found in /etc/passwd");
        if (!u->dynamic_user && u->group[0])
                log_info("From the unit: Group=%s%s", u->group,
                         find_group(u->group, &c) ? "" : ", not found in /etc/group");
        c.own_netns = systemd_unit_has_netns(u) ? TRISTATE_YES : TRISTATE_NO;
        if (c.own_netns == TRISTATE_YES)
                log_info("From the unit: %s", u->netns_path[0] ? u->netns_path : "PrivateNetwork=yes");

        *ret = c;
        return EX_OK;
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

int unit_check(const SystemdUnit *u, Findings *f)
{
        if (check_directives(u, f) == -ENOMEM || check_dynamic_user(u, f) == -ENOMEM)
                return -ENOMEM;
        return 0;
}
