/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail console [--lines=N] [--no-follow] ID: the serial console of a VM, from the journal. The VMM's standard input is
 * /dev/null, so that there is nothing to type into. fcjail-systemd takes the place of this process. */

#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "log.h"
#include "parse.h"
#include "systemd-query.h"
#include "verbs.h"

#define LINES     "10" /* as journalctl(1) */
#define LINES_MAX 1000000U

int verb_console(const CommandLine *c)
{
        const char *id = c->args[0], *lines = option_value(c, "lines");
        uint32_t n;
        int status;

        log_open(NULL);
        status = check_id(id);
        if (status != EX_OK)
                return status;
        if (lines && parse_u32(lines, 0, LINES_MAX, &n) < 0) {
                log_error("--lines=%s: expected a number from 0 to %u", lines, LINES_MAX);
                return EX_USAGE;
        }

        const char *const query[] = { "follow", id, lines ? lines : LINES,
                                      option_value(c, "no-follow") ? "" : "stay", NULL };
        int r = systemd_become_query(query);
        log_error("Failed to execute fcjail-systemd: %s", strerror(-r));
        return EX_UNAVAILABLE;
}
