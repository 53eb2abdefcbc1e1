/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "common.h"
#include "config-loader.h"
#include "config-table.h"
#include "fd-util.h"
#include "host.h"
#include "log.h"
#include "messages.h"
#include "systemd.h"
#include "text.h"
#include "unit-needs.h"

int check_id(const char *id)
{
        char meant[ID_LEN_MAX + 1];

        if (id_valid(id))
                return EX_OK;

        if (strcmp(id, "default") == 0 || strcmp(id, "jailer") == 0)
                log_error("invalid VM id '%s': 'default' and 'jailer' are reserved", id);
        else if (id_unescape(id, meant) >= 0)
                log_error(
                        "invalid VM id '%s': use 1 to %i letters, digits or '-', not starting with '-'; did you mean '%s'? An id needs no systemd-escape",
                        id, ID_LEN_MAX, meant);
        else
                log_error("invalid VM id '%s': use 1 to %i letters, digits or '-', not starting with '-'",
                          id, ID_LEN_MAX);
        return EX_USAGE;
}

int become_root(Caller *ret)
{
        uid_t ruid, euid, suid;
        gid_t rgid, egid, sgid;

        if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
                return EX_OSERR;
        if (getauxval(AT_SECURE) || ruid != euid || rgid != egid) {
                log_entry(LOG_ERR, MESSAGE_PRIVILEGE, 0, NULL, 0,
                          "fcjail must not be setuid or setgid, nor have file capabilities");
                return EX_NOPERM;
        }

        if (ruid != 0 || rgid != 0) {
                if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
                        log_entry(
                                LOG_ERR, MESSAGE_PRIVILEGE, -errno, NULL, 0,
                                "fcjail runs as uid %u without the capabilities to become root; run it as root, or set AmbientCapabilities= in the unit, see fcjail@.service(8)",
                                ruid);
                        return EX_NOPERM;
                }
        }

        /* A shell of root may be in any group (newgrp(1)), which says nothing about the VM's. */
        *ret = (Caller){
                .uid = ruid != 0 ? ruid : UID_INVALID,
                .gid = rgid != 0 && (ruid != 0 || systemd_runs_us()) ? rgid : GID_INVALID,
        };
        return EX_OK;
}

int open_state(StateRoot *ret)
{
        int r = state_root_open(ret, NULL);

        if (r >= 0)
                return EX_OK;
        log_error("Failed to open /run/fcjail: %s", strerror(-r));
        return EX_OSERR;
}

int lock_verb(const StateRoot *root, const char *verb, unsigned seconds)
{
        char name[NAME_MAX];

        (void) snprintf(name, sizeof(name), "%s.lock", verb);
        int fd = state_root_lock(root, name, seconds * 1000000ULL);
        if (fd == -EAGAIN)
                log_error(
                        "Another `fcjail %s` has held /run/fcjail/%s for %u seconds; end it, `pgrep -a -f 'fcjail %s'` shows it",
                        verb, name, seconds, verb);
        else if (fd < 0)
                log_error("Failed to lock /run/fcjail/%s: %s", name, strerror(-fd));
        return fd;
}

/* Of `run` they are the unit's CapabilityBoundingSet=. In the place of the jailer no TAP is made, but root/ is the VM's. */
static const struct {
        cap_value_t cap;
        bool by_run, by_jailer;
} needed[] = {
        { CAP_SYS_ADMIN, true, true },     { CAP_NET_ADMIN, true, false }, { CAP_MKNOD, true, true },
        { CAP_SYS_CHROOT, true, true },    { CAP_SETUID, true, true },     { CAP_SETGID, true, true },
        { CAP_SETPCAP, true, true },       { CAP_CHOWN, false, true },     { CAP_FOWNER, false, true },
        { CAP_DAC_OVERRIDE, false, true },
};

int check_capabilities(bool in_place_of_jailer)
{
        cap_flag_value_t value;

        cap_t caps = cap_get_proc();
        if (!caps)
                return EX_OSERR;

        int status = EX_OK;
        FOREACH_ARRAY (c, needed, ELEMENTSOF(needed)) {
                if (!(in_place_of_jailer ? c->by_jailer : c->by_run))
                        continue;
                if (cap_get_flag(caps, c->cap, CAP_EFFECTIVE, &value) >= 0 && value == CAP_SET)
                        continue;
                char *name = cap_to_name(c->cap);
                log_entry(
                        LOG_ERR, MESSAGE_PRIVILEGE, -EPERM, NULL, 0,
                        "Capability %s is missing; run fcjail as root, or add it to the unit's CapabilityBoundingSet= and, with User=, to AmbientCapabilities=%s",
                        name ? name : "?", c->cap == CAP_MKNOD ? "; PrivateDevices= removes it" : "");
                (void) cap_free(name);
                status = EX_NOPERM;
        }

        (void) cap_free(caps);
        return status;
}

static const char *const diagnostic_ids[_DIAGNOSTIC_MAX] = {
        [DIAGNOSTIC_SYNTAX] = MESSAGE_CONFIG_SYNTAX,
        [DIAGNOSTIC_UNKNOWN_KEY] = MESSAGE_CONFIG_UNKNOWN_KEY,
        [DIAGNOSTIC_DUPLICATE] = MESSAGE_CONFIG_DUPLICATE,
        [DIAGNOSTIC_VALUE] = MESSAGE_CONFIG_VALUE,
        [DIAGNOSTIC_UNSAFE_FILE] = MESSAGE_CONFIG_UNSAFE_FILE,
        [DIAGNOSTIC_UNKNOWN_ID] = MESSAGE_CONFIG_UNKNOWN_ID,
        [DIAGNOSTIC_CONFLICT] = MESSAGE_CONFIG_CONFLICT,
};

void log_diagnostics(const Diagnostics *d)
{
        FOREACH_ARRAY (i, d->items, d->n_items) {
                char line[16];
                (void) snprintf(line, sizeof(line), "%u", i->line);
                const LogField fields[] = {
                        { "FCJAIL_FILE", i->file },
                        { "FCJAIL_LINE", i->line != 0 ? line : NULL },
                        { "FCJAIL_KEY", i->key },
                };
                log_entry(LOG_ERR, diagnostic_ids[i->kind], 0, fields, ELEMENTSOF(fields), "%s", i->text);
        }
}

static int load_config(const char *id, const Caller *caller, Diagnostics *d, Config *ret)
{
        _cleanup_config_loader_ ConfigLoader l;
        int r;

        config_loader_init(&l, id, d);
        r = config_loader_add_files(&l);
        if (r >= 0 && caller->unit_environment)
                r = config_loader_add_environment(&l, PLACE_UNIT, caller->unit, caller->unit_environment);
        if (r >= 0)
                r = config_loader_add_environment(&l, PLACE_ENVIRONMENT, NULL, environ);
        return r < 0 ? r : config_loader_finish(&l, ret);
}

void log_finding(const Finding *f)
{
        static const int priorities[_SEVERITY_MAX] = {
                [SEVERITY_OK] = LOG_DEBUG,
                [SEVERITY_NOTE] = LOG_INFO,
                [SEVERITY_WARNING] = LOG_WARNING,
                [SEVERITY_ERROR] = LOG_ERR,
        };

        log_entry(priorities[f->severity], NULL, 0, NULL, 0, "%s: %s", f->object, f->text);
}

/* What nobody would want by mistake. */
static int warn_of_plan(const Plan *p, Findings *f)
{
        int r = 0;

        if (p->uid_shared_by_alias)
                r = findings_add(f, SEVERITY_WARNING, 0, EX_OK, "UNKEY_METALD_JAILER_UID=",
                                 "to change that, set FCJAIL_UID= and FCJAIL_SHARED_UID=",
                                 "VM '%s' may share uid %u with other VMs", p->id, p->uid);
        if (r >= 0 && p->seccomp == SECCOMP_OFF)
                r = findings_add(f, SEVERITY_WARNING, 0, EX_OK, "FCJAIL_SECCOMP=off", NULL,
                                 "VM '%s' runs without fcjail's system call filter", p->id);
        return r;
}

static const char *find_stamp(char *const *environment)
{
        for (char *const *e = environment; e && *e; e++)
                if (strncmp(*e, UNIT_STAMP_VARIABLE "=", strlen(UNIT_STAMP_VARIABLE "=")) == 0)
                        return *e + strlen(UNIT_STAMP_VARIABLE "=");
        return NULL;
}

static bool has_settings(char *const *environment)
{
        for (char *const *e = environment; e && *e; e++)
                if (config_key_is_ours(*e))
                        return true;
        return false;
}

/* The drop-in of fcjail-generator is for other needs than the VM has now. It knows nothing of settings that are in an
 * environment, nor what the VM needs if FCJAIL_CONFIG= cannot be read. */
static int warn_of_stale_unit(const Plan *p, const HostObjects *o, char *const *environment, Findings *f)
{
        const char *stamp = find_stamp(environment);
        char buf[UNIT_STAMP_MAX], unit[ID_LEN_MAX + sizeof("fcjail@.service")];
        UnitNeeds needs;

        if (!stamp || has_settings(environment) || (p->config && !o->config))
                return 0;
        unit_needs(p, &needs);
        if (strcmp(stamp, unit_stamp(&needs, buf)) == 0)
                return 0;
        (void) snprintf(unit, sizeof(unit), "fcjail@%s.service", p->id);
        return findings_add(f, SEVERITY_WARNING, 0, EX_OK, unit, "run `systemctl daemon-reload`",
                            "does not know the mounts and devices that the settings name now");
}

int read_plan(const char *id, const Caller *caller, HostObjects *o, Diagnostics *d, Findings *f, Plan *ret)
{
        _cleanup_config_ Config config = CONFIG_UNSET;
        HostFacts facts;
        int r;

        r = load_config(id, caller, d, &config);
        if (r >= 0)
                r = host_read_config(config.config, o, f);
        if (r >= 0)
                r = host_facts(&config, caller, d, &facts);
        if (r < 0)
                return r;

        facts.vmm_files = o->config ? &o->vmm_files : NULL;
        r = plan_make(id, &config, &facts, d, ret);
        if (r >= 0)
                r = warn_of_plan(ret, f);
        if (r >= 0)
                r = warn_of_stale_unit(ret, o, caller->unit_environment ? caller->unit_environment : environ,
                                       f);
        return r;
}

int fail_plan(const char *id, int r)
{
        if (r == -EBADMSG)
                return EX_CONFIG;
        log_error("Failed to read the configuration of '%s': %s", id, strerror(-r));
        return EX_OSERR;
}

int load_plan(const char *id, const Caller *caller, HostObjects *o, Findings *f, Plan *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        int r;

        r = read_plan(id, caller, o, &d, f, ret);
        log_diagnostics(&d);
        if (r < 0)
                return fail_plan(id, r);
        FOREACH_ARRAY (i, f->items, f->n_items)
                if (i->severity == SEVERITY_WARNING) /* step `paths` reports the errors */
                        log_finding(i);
        return EX_OK;
}

int open_run_dir(const State *s)
{
        const Layout l = { .base = s->chroot_dir, .vmm_name = s->vmm_name, .id = s->id };
        const char *const levels[] = { layout_name(&l, LAYOUT_VMMS), layout_name(&l, LAYOUT_VM),
                                       layout_name(&l, LAYOUT_ROOT), JAIL_RUN };

        _cleanup_close_ int fd = chase_open(s->chroot_dir, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd;
        FOREACH_ARRAY (level, levels, ELEMENTSOF(levels)) {
                /* O_PATH: a member of the managers' group may go through run/, but not list it. */
                int next = openat(fd, *level, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (next < 0)
                        return -errno;
                fd = safe_close(fd);
                fd = next;
        }

        return TAKE_FD(fd);
}

const char *api_name(const char *api)
{
        return strrchr(api, '/') + 1;
}

int log_bad_record(const char *id, int r)
{
        if (r == -EBADMSG)
                log_error(
                        "The record /run/fcjail/vm/%s is damaged, or fcjail did not write it; if VM '%s' is not running, remove the record",
                        id, id);
        else
                log_error("Failed to read the record /run/fcjail/vm/%s: %s", id, strerror(-r));
        return EX_IOERR;
}
