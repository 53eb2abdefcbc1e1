/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail list [--json] [--prometheus] [--watch] [ID…]: every VM that runs, has failed or has left something behind. Nothing is
 * resident: all of it is in the records, in /proc, in the cgroups, and in one answer of systemd.
 *
 * Should:  take a damaged record for a row, not for the end.
 * Mustn't: take a lock, which would hold up a start, or ask a VMM for which nobody has asked: a VMM that was taken over may
 *          not answer, and then a list of a thousand would take minutes.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "list-output.h"
#include "log.h"
#include "table.h"
#include "terminal.h"
#include "verbs.h"
#include "vm-list.h"

#define WATCH_SECONDS 2

static int fail_list(int r)
{
        const bool denied = r == -EACCES || r == -EPERM;

        log_error("Failed to read /run/fcjail/vm: %s%s", strerror(-r),
                  denied ? "; run `fcjail list` as root or as a member of the group fcjail" : "");
        return denied ? EX_NOPERM : EX_OSERR;
}

/* What the rows themselves do not say. */
static void tell(const VmList *l, int *status)
{
        if (l->units_unknown)
                log_info("systemd does not answer, so failed units are not listed");
        FOREACH_ARRAY (v, l->vms, l->n_vms)
                if (v->state == VM_UNREADABLE)
                        *status = log_bad_record(v->id, v->error);
                else if (!state_is_understood(&v->record))
                        log_info("A newer fcjail wrote the record of '%s' (version %" PRIu32
                                 "); this one lists what it knows",
                                 v->id, v->record.version);
        FOREACH_ARRAY (id, l->ids, l->n_ids)
                if (!vm_list_find(l, *id)) {
                        log_error("VM '%s' is not running, and nothing of it is left", *id);
                        *status = EX_NOINPUT;
                }
}

static int print(const CommandLine *c, const VmList *l)
{
        if (option_value(c, "json"))
                return list_json(l->vms, l->n_vms, stdout);
        if (option_value(c, "prometheus"))
                return list_prometheus(l->vms, l->n_vms, stdout);
        if (option_value(c, "watch") && isatty(STDOUT_FILENO))
                (void) fputs(CLEAR_SCREEN, stdout);
        return list_table(l->vms, l->n_vms, stdout, table_width(STDOUT_FILENO),
                          terminal_colors(STDOUT_FILENO));
}

static int list(const CommandLine *c)
{
        _cleanup_vm_list_ VmList l = VM_LIST_NULL;
        int status = EX_OK, r;

        l.ids = c->args;
        l.n_ids = (size_t) c->n_args;
        r = vm_list_make(&l);
        if (r < 0)
                return fail_list(r);
        tell(&l, &status);
        r = print(c, &l);
        return r < 0 ? EX_IOERR : status;
}

/* Until a signal ends it, or nobody reads it any more. */
static int watch(const CommandLine *c)
{
        int status;

        while ((status = list(c)) != EX_NOPERM && !ferror(stdout))
                (void) sleep(WATCH_SECONDS);
        return status;
}

int verb_list(const CommandLine *c)
{
        const bool prometheus = option_value(c, "prometheus"), watched = option_value(c, "watch");
        int status = EX_OK;

        log_open(NULL);
        if (prometheus && (watched || option_value(c, "json"))) {
                log_error("--prometheus goes with neither --json nor --watch");
                return EX_USAGE;
        }
        FOREACH_ARRAY (id, c->args, c->n_args)
                if (status == EX_OK && !jailer_id_valid(*id))
                        status = check_id(*id);
        if (status != EX_OK)
                return status;
        return watched ? watch(c) : list(c);
}
