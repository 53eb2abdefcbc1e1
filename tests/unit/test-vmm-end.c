/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>
#include <syslog.h>

#include "vmm-end.h"

static void check(const char *result, const char *code, const char *status, bool asked, const char *kind,
                  int priority)
{
        const VmmEnd end =
                vmm_end(&(VmmEndFacts){ .result = result, .code = code, .status = status, .asked = asked });

        cr_expect_str_eq(end.kind, kind, "%s %s %s: %s", result, code, status, end.kind);
        cr_expect_eq(end.priority, priority, "%s %s %s: %i", result, code, status, end.priority);
        cr_expect(strlen(end.sentence) > 0);
}

Test(vmm_end, every_status_of_firecracker_has_a_word)
{
        check("success", "exited", "0", false, "shutdown", LOG_INFO);
        check("exit-code", "exited", "1", false, "error", LOG_ERR);
        check("exit-code", "exited", "2", false, "error", LOG_ERR);
        check("exit-code", "exited", "148", false, "bad-syscall", LOG_ERR);
        check("exit-code", "exited", "149", false, "crashed", LOG_ERR);
        check("exit-code", "exited", "150", false, "crashed", LOG_ERR);
        check("exit-code", "exited", "151", false, "limit", LOG_ERR);
        check("exit-code", "exited", "152", false, "bad-config", LOG_ERR);
        check("exit-code", "exited", "153", false, "bad-config", LOG_ERR);
        check("exit-code", "exited", "154", false, "limit", LOG_ERR);
        check("exit-code", "exited", "155", false, "crashed", LOG_ERR);
        check("success", "exited", "156", false, "killed", LOG_WARNING);
        check("exit-code", "exited", "157", false, "crashed", LOG_ERR);
}

Test(vmm_end, a_stop_is_told_from_an_end_that_nobody_asked_for)
{
        check("success", "exited", "0", true, "stopped", LOG_INFO);
        check("success", "exited", "156", true, "stopped", LOG_INFO);
        check("success", "killed", "HUP", true, "stopped", LOG_INFO);
        /* Somebody else has killed it meanwhile, or it failed. */
        check("signal", "killed", "KILL", true, "killed", LOG_ERR);
        check("exit-code", "exited", "148", true, "bad-syscall", LOG_ERR);
}

Test(vmm_end, by_signals)
{
        check("signal", "killed", "KILL", false, "killed", LOG_ERR);
        check("success", "killed", "TERM", false, "killed", LOG_ERR);
        check("success", "killed", "HUP", false, "killed", LOG_WARNING);
        check("core-dump", "dumped", "SEGV", false, "crashed", LOG_ERR);
        check("signal", "killed", "ABRT", false, "crashed", LOG_ERR);
        check("signal", "killed", "SYS", false, "bad-syscall", LOG_ERR);
        check("signal", "killed", "XFSZ", false, "limit", LOG_ERR);
}

Test(vmm_end, what_only_systemd_knows_comes_first)
{
        check("oom-kill", "killed", "KILL", false, "oom", LOG_ERR);
        check("oom-kill", "exited", "0", true, "oom", LOG_ERR);
        check("watchdog", "killed", "ABRT", false, "watchdog", LOG_ERR);
        check("timeout", "killed", "KILL", true, "timeout", LOG_ERR);
        check("timeout", "exited", "156", true, "timeout", LOG_WARNING);
        check("timeout", "exited", "0", true, "timeout", LOG_WARNING);
}

Test(vmm_end, by_hand_and_other_vmms)
{
        check(NULL, "exited", "0", false, "shutdown", LOG_INFO);
        check(NULL, "killed", "KILL", false, "killed", LOG_ERR);
        check(NULL, "exited", "42", false, "error", LOG_ERR);
        check(NULL, "exited", "-1", false, "error", LOG_ERR);
        check(NULL, "exited", "", false, "error", LOG_ERR);
        check("", "killed", "", false, "killed", LOG_ERR);
}

static void check_console(const char *newest, const char *older, bool asked, const char *kind, int priority)
{
        const VmmEnd end = vmm_end(&(VmmEndFacts){ .result = "success",
                                                   .code = "exited",
                                                   .status = "0",
                                                   .asked = asked,
                                                   .lines = { newest, older },
                                                   .n_lines = 2 });

        cr_expect_str_eq(end.kind, kind, "'%s', '%s': %s", newest, older, end.kind);
        cr_expect_eq(end.priority, priority);
}

Test(vmm_end, with_status_0_the_console_tells)
{
        check_console("[   12.3] reboot: Restarting system", "", false, "reboot", LOG_INFO);
        check_console("[   12.3] reboot: Power down", "", false, "shutdown", LOG_INFO);
        check_console("[   12.3] reboot: System halted", "", false, "shutdown", LOG_INFO);
        check_console("Rebooting in 1 seconds..", "Kernel panic - not syncing: VFS", false, "panic",
                      LOG_ERR);
        check_console("web1 login:", "Welcome", false, "shutdown", LOG_INFO);
        /* The newest one that tells; and a reboot that was asked for is a stop. */
        check_console("reboot: Restarting system", "Kernel panic - not syncing: no", false, "reboot",
                      LOG_INFO);
        check_console("reboot: Restarting system", "", true, "stopped", LOG_INFO);
        check_console("---[ end Kernel panic - not syncing: VFS ]---", "", true, "panic", LOG_ERR);
        /* Firecracker's log is not the console. */
        check_console("2026-11-27T10:00:00.123456789 [web1:main] reboot: Restarting system", "", false,
                      "shutdown", LOG_INFO);
}

Test(vmm_end, knows_the_lines_of_the_log)
{
        cr_expect(vmm_end_is_log("2026-11-27T10:00:00.123456789 [web1:main] Vmm is stopping."));
        cr_expect(vmm_end_is_log("2026-11-27T10:00:00. ["));
        cr_expect_not(vmm_end_is_log(""));
        cr_expect_not(vmm_end_is_log("2026-11-27T10:00:00"));
        cr_expect_not(vmm_end_is_log("2026-11-27T10:00:00.123456789"));
        cr_expect_not(vmm_end_is_log("2026-11-27T10:00:00.123456789 web1"));
        cr_expect_not(vmm_end_is_log("2026-11-27 10:00:00.123456789 [web1:main] x"));
        cr_expect_not(vmm_end_is_log("[    0.000000] Linux version 6.1"));
}

static void check_lines(const char *text, size_t size, const char *want)
{
        const char *lines[VMM_END_LINES_MAX];
        char copy[256], got[256] = "";

        memcpy(copy, text, size);
        const size_t n = vmm_end_lines(copy, size, lines);
        for (size_t i = 0; i < n; i++) {
                (void) strcat(got, lines[i]);
                (void) strcat(got, "|");
        }
        cr_expect_str_eq(got, want);
}

Test(vmm_end, the_last_lines_of_a_log_come_newest_first)
{
        check_lines("", 0, "");
        check_lines("\n\n", 2, "");
        check_lines("one", 3, "one|");
        check_lines("one\ntwo\n", 8, "two|one|");
        check_lines("\none\n\n\ntwo", 10, "two|one|");
        check_lines("a\0b\n\0\n\0c", 8, "c|ab|");
        check_lines("\0\0\0", 3, "");
        check_lines("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n", 54,
                    "21|20|19|18|17|16|15|14|13|12|11|10|9|8|7|6|5|4|3|2|");
}

/* As Firecracker 1.16 ends then. */
Test(vmm_end, a_triple_fault_is_told_by_the_log)
{
        static const char line[] =
                "2026-11-28T11:03:18.542498652 [web1:fc_vcpu 0] Unexpected exit reason on vcpu run: Shutdown";
        VmmEndFacts f = {
                .code = "exited", .status = "1", .lines = { "Error: RunWithApi(x)", line }, .n_lines = 2
        };

        cr_expect_str_eq(vmm_end(&f).kind, "triple-fault");
        cr_expect(vmm_end_is_log(f.lines[0]));
        f.status = "0"; /* a guest has said so */
        cr_expect_str_eq(vmm_end(&f).kind, "shutdown");
        f = (VmmEndFacts){ .code = "exited", .status = "1", .lines = { line + 30 }, .n_lines = 1 };
        cr_expect_str_eq(vmm_end(&f).kind, "error");
        f = (VmmEndFacts){ .code = "exited", .status = "1", .log = { "x", line }, .n_log = 2 };
        cr_expect_str_eq(vmm_end(&f).kind, "triple-fault");
}
