/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail doctor [--json] [ID]: is this host fit for VMs, and does it follow Firecracker's recommendations? With an ID, also what
 * `check` finds for that VM, and what of it is there.
 *
 * Should:  work for everybody, and without systemd, /dev/kvm and settings: each of these is a finding.
 * Mustn't: make, change or execute anything, but for the question to systemd.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "config-loader.h"
#include "doctor-report.h"
#include "doctor.h"
#include "fd-util.h"
#include "host.h"
#include "log.h"
#include "look.h"
#include "state.h"
#include "unit.h"
#include "verbs.h"

/* Of no VM: no env file can be for it. */
#define NO_ID "-"

/* One whose settings are as good as another's to ask systemd what all have in common. */
#define ANY_UNIT "fcjail@doctor.service"

#define AS_ROOT "run `fcjail doctor` as root"

/* Who is not root may be unable to read what a start can. */
static int take_diagnostics(const char *object, const Diagnostics *d, Findings *f)
{
        int r = 0;

        FOREACH_ARRAY (i, d->items, d->n_items) {
                const bool for_root = geteuid() != 0 && i->kind == DIAGNOSTIC_UNSAFE_FILE;

                if (r >= 0)
                        r = findings_add(f, for_root ? SEVERITY_NOTE : SEVERITY_ERROR, 0, EX_CONFIG, object,
                                         for_root ? AS_ROOT : NULL, "%s", i->text);
        }
        return r;
}

/* All that is missing is below /run/fcjail, which is not for everybody to read. */
static bool is_only_the_run_dir(const Diagnostics *d)
{
        FOREACH_ARRAY (i, d->items, d->n_items)
                if (i->kind != DIAGNOSTIC_UNSAFE_FILE || !i->file ||
                    strncmp(i->file, "/run/fcjail/", strlen("/run/fcjail/")) != 0)
                        return false;
        return geteuid() != 0;
}

/* The plan of a VM that has no settings of its own, or of one that has none at all. 0, -EBADMSG, or another -errno. */
static int plan_of_defaults(bool with_files, Diagnostics *d, Plan *ret)
{
        _cleanup_config_loader_ ConfigLoader l;
        _cleanup_config_ Config config = CONFIG_UNSET;
        const Caller caller = { .uid = UID_INVALID, .gid = GID_INVALID, .own_netns = TRISTATE_NO };
        HostFacts facts = { .unit_uid = UID_INVALID,
                            .unit_gid = GID_INVALID,
                            .api_gid = GID_INVALID,
                            .own_netns = TRISTATE_NO };
        int r = 0;

        config_loader_init(&l, NO_ID, d);
        if (with_files)
                r = config_loader_add_files(&l);
        l.configured = true;
        if (is_only_the_run_dir(d))
                l.n_before = d->n_items; /* go on without */
        if (r >= 0)
                r = config_loader_finish(&l, &config);
        if (r >= 0 && with_files)
                r = host_facts(&config, &caller, d, &facts);
        return r < 0 ? r : plan_make(NO_ID, &config, &facts, d, ret);
}

static int say_settings(bool known, const Diagnostics *d, Findings *f)
{
        if (!known)
                return take_diagnostics("settings of all VMs", d, f);
        if (d->n_items > 0)
                return findings_add(f, SEVERITY_NOTE, 0, EX_OK, "/run/fcjail", AS_ROOT,
                                    "may have settings that uid %u cannot read", geteuid());
        return findings_add(f, SEVERITY_OK, 0, EX_OK, "/etc/fcjail/default.env", NULL,
                            "has no errors, or does not exist");
}

/* 1; 0: they have errors or cannot be read, and *ret is that of the built-in defaults; or -errno. */
static int load_defaults(DoctorReport *report, Plan *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {}, ignored = {};
        _cleanup_findings_ Findings f = {};
        int r;

        r = plan_of_defaults(/* with_files= */ true, &d, ret);
        const bool known = r >= 0;
        if (r == -EBADMSG)
                r = plan_of_defaults(/* with_files= */ false, &ignored, ret);
        if (r >= 0)
                r = say_settings(known, &d, &f);
        if (r >= 0)
                r = doctor_report_add(report, "settings", "defaults", &f);
        return r < 0 ? r : known;
}

static int say_ended(const char *id, Findings *f)
{
        char remedy[sizeof("run `fcjail cleanup `") + ID_LEN_MAX];

        (void) snprintf(remedy, sizeof(remedy), "run `fcjail cleanup %s`", id);
        return findings_add(f, SEVERITY_WARNING, 0, EX_OK, id, remedy,
                            "has ended, and what it left behind is still there");
}

static int say_state(const StateRoot *root, const char *id, const State *s, Findings *f)
{
        bool identified;

        _cleanup_close_ int pid_fd = state_vmm_hold(s, &identified);
        if (pid_fd >= 0)
                return findings_add(f, SEVERITY_OK, 0, EX_OK, id, NULL, "runs as process %i, uid %u",
                                    s->vmm.pid, s->uid);
        if (pid_fd != -ESRCH)
                return findings_add(f, SEVERITY_NOTE, 0, EX_OK, id, NULL,
                                    "may run or not, which cannot be determined: %s",
                                    state_why_unknown(pid_fd));
        if (state_invocation_alive(root, id, s->invocation) > 0)
                return findings_add(f, SEVERITY_OK, 0, EX_OK, id, NULL, "is being started");
        return say_ended(id, f);
}

/* Why there is no record that can be read. */
static int say_no_state(const char *id, int error, Findings *f)
{
        if (error == -ENOENT)
                return findings_add(f, SEVERITY_OK, 0, EX_OK, id, NULL,
                                    "does not run, and nothing is recorded of it");
        if (error == -ENODATA)
                return findings_add(f, SEVERITY_NOTE, 0, EX_OK, id, NULL,
                                    "is being started, or was killed before it made anything");
        if ((error == -EACCES || error == -EPERM) && geteuid() != 0)
                return findings_add(f, SEVERITY_NOTE, 0, EX_OK, id, AS_ROOT,
                                    "has a record that uid %u cannot read", geteuid());
        return findings_add(f, SEVERITY_ERROR, error, EX_IOERR, id,
                            "if the VM does not run, remove its record in /run/fcjail/vm",
                            "has a record that cannot be read: %s", strerror(-error));
}

static int look_at_state(const char *id, Findings *f)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        _cleanup_state_ State s = STATE_NULL;
        int r;

        r = state_root_look(&root);
        if (r >= 0)
                r = state_load(&root, id, &s);
        return r >= 0 ? say_state(&root, id, &s, f) : say_no_state(id, r, f);
}

static int look_at_unit(const char *id, DoctorReport *report, SystemdUnit *unit, Caller *caller)
{
        _cleanup_findings_ Findings f = {};
        int r = 0;

        if (unit_caller(id, unit, caller, &f) != EX_OK)
                r = findings_add(&f, SEVERITY_ERROR, 0, EX_UNAVAILABLE, caller->unit,
                                 "see `systemctl status`",
                                 "is not looked at, because systemd does not answer");
        return r < 0 ? r : doctor_report_add(report, "vm", "unit", &f);
}

/* What `check` finds. 1: *plan is that of the VM; 0: its settings have errors; or -ENOMEM. */
static int look_at_settings(const char *id, DoctorReport *report, const SystemdUnit *unit,
                            const Caller *caller, HostObjects *objects, Plan *plan)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_findings_ Findings f = {};
        int r;

        objects->by_check = true;
        r = read_plan(id, caller, objects, &d, &f, plan);
        const bool has_plan = r >= 0;
        if (has_plan)
                r = look_at_vm(unit, caller, plan, objects, &f);
        else if (r == -EBADMSG)
                r = take_diagnostics(id, &d, &f);
        if (r < 0 && r != -ENOMEM)
                r = findings_add(&f, SEVERITY_ERROR, r, EX_OSERR, id, NULL, "cannot be looked at: %s",
                                 strerror(-r));
        if (r != -ENOMEM && f.n_items == 0)
                r = findings_add(&f, SEVERITY_OK, 0, EX_OK, id, NULL, "has all that a start needs");
        if (r != -ENOMEM)
                r = doctor_report_add(report, "vm", "check", &f);
        return r < 0 ? r : has_plan;
}

/* As look_at_settings(). */
static int look_at_vm_of(const char *id, DoctorReport *report, SystemdUnit *unit, HostObjects *objects,
                         Plan *plan)
{
        _cleanup_findings_ Findings f = {};
        int r, has_plan = 0;
        Caller caller;

        r = look_at_unit(id, report, unit, &caller);
        if (r >= 0)
                r = has_plan = look_at_settings(id, report, unit, &caller, objects, plan);
        if (r >= 0)
                r = look_at_state(id, &f) == -ENOMEM ? -ENOMEM : 0;
        if (r >= 0)
                r = doctor_report_add(report, "vm", "state", &f);
        return r < 0 ? r : has_plan;
}

/* Where the settings decide what there is to look at. */
static bool is_of_settings(const DoctorCheck *check)
{
        return strcmp(check->topic, "base") == 0 || strcmp(check->topic, "vmm") == 0;
}

static int look_at_host(const DoctorHost *host, bool plan_known, DoctorReport *report)
{
        const DoctorCheck *check;
        int r = 0;

        for (size_t i = 0; r >= 0 && (check = doctor_check(i)); i++) {
                _cleanup_findings_ Findings f = {};

                if (plan_known || !is_of_settings(check))
                        r = doctor_look(check, host, &f);
                else
                        r = findings_add(&f, SEVERITY_NOTE, 0, EX_OK, check->topic, NULL,
                                         "is not looked at, because the settings are unknown");
                if (r >= 0)
                        r = doctor_report_add(report, check->topic, check->name, &f);
        }
        return r;
}

/* 0 or -errno. */
static int look(const char *id, DoctorReport *report)
{
        _cleanup_systemd_unit_ SystemdUnit unit = {};
        _cleanup_host_objects_ HostObjects objects = HOST_OBJECTS_NULL;
        _cleanup_plan_ Plan plan = {};
        int known = 0;

        _cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return -errno;
        if (id)
                known = look_at_vm_of(id, report, &unit, &objects, &plan);
        else if (systemd_is_init() && systemd_unit_query(ANY_UNIT, &unit) == -ENOMEM)
                return -ENOMEM; /* of other errors a row says that systemd did not answer */
        const VmmFiles *files = known > 0 && objects.config ? &objects.vmm_files : NULL;
        if (known == 0)
                known = load_defaults(report, &plan);
        if (known < 0)
                return known;
        const DoctorHost host = { root_fd, &plan, &unit, files };
        return look_at_host(&host, known, report);
}

int verb_doctor(const CommandLine *c)
{
        const char *id = c->n_args > 0 ? c->args[0] : NULL;
        _cleanup_doctor_report_ DoctorReport report = {};
        int status, r;

        log_open(NULL);
        status = id ? check_id(id) : EX_OK;
        if (status != EX_OK)
                return status;
        r = doctor_report_begin(&report, option_value(c, "json"));
        if (r >= 0)
                r = look(id, &report);
        if (r < 0) {
                log_error("Failed to look at this host: %s", strerror(-r));
                return EX_OSERR;
        }
        return doctor_report_end(&report) < 0 ? EX_IOERR : report.status;
}
