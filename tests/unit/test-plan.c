/* SPDX-License-Identifier: Apache-2.0 */

/* What a plan makes of hosts that this one is not. All else of it is in tests/golden. */

#include <criterion/criterion.h>
#include <string.h>

#include "plan.h"

static const HostFacts pc = { .ctrl_alt_del = true }, no_pc = { .cpu_files = true };

static void make(const Config *c, const HostFacts *facts, Plan *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};

        cr_assert_eq(plan_make("web1", c, facts, &d, ret), 0);
}

Test(plan, stops_by_ctrl_alt_del_where_there_is_one)
{
        _cleanup_plan_ Plan plan = {};

        make(&(Config){}, &pc, &plan);
        cr_expect_eq(plan.stop_seconds, 20);
}

Test(plan, stops_by_a_kill_where_there_is_no_ctrl_alt_del)
{
        _cleanup_plan_ Plan plan = {};

        make(&(Config){}, &no_pc, &plan);
        cr_expect_eq(plan.stop_seconds, 0);
}

Test(plan, refuses_ctrl_alt_del_where_there_is_none)
{
        const Config c = { .stop = STOP_CTRL_ALT_DEL };
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_plan_ Plan plan = {};

        cr_expect_eq(plan_make("web1", &c, &no_pc, &d, &plan), -EBADMSG);
        cr_assert_eq(d.n_items, 1);
        cr_expect(strstr(d.items[0].text, "exists on x86_64 only"));
}

Test(plan, gives_files_about_the_cpu_where_the_vmm_reads_them)
{
        _cleanup_plan_ Plan plan = {}, other = {};
        _cleanup_free_ char *text = NULL, *json = NULL;

        make(&(Config){}, &no_pc, &plan);
        cr_assert_eq(plan_dump(&plan, &text), 0);
        cr_expect(strstr(text, "\nsys: "));
        cr_assert_eq(plan_dump_json(&plan, &json), 0);
        cr_expect(strstr(json, "\"cpu_files\":true"));

        make(&(Config){}, &pc, &other);
        cr_expect_not(other.cpu_files);
}

/* What the plan of c on a host of these facts is refused for. */
static void refuses(const Config *c, const HostFacts *facts, const char *reason)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_plan_ Plan plan = {};

        cr_assert_eq(plan_make("web1", c, facts, &d, &plan), -EBADMSG, "%s", reason);
        cr_assert_eq(d.n_items, 1);
        cr_expect(strstr(d.items[0].text, reason), "%s", d.items[0].text);
}

Test(plan, refuses_ids_of_the_unit_that_no_vm_may_have)
{
        refuses(&(Config){}, &(HostFacts){ .unit_uid = 65534 }, "User= of the unit is uid 65534");
        refuses(&(Config){}, &(HostFacts){ .unit_gid = 65534 }, "Group= of the unit is gid 65534");
        refuses(&(Config){}, &(HostFacts){ .unit_uid = 890, .unit_gid = 65535 },
                "Group= of the unit is gid 65535");
}

Test(plan, lets_a_setting_win_over_a_bad_group_of_the_unit)
{
        _cleanup_plan_ Plan plan = {};

        make(&(Config){ .gid = 4712 }, &(HostFacts){ .unit_gid = 65534 }, &plan);
        cr_expect_eq(plan.gid, 4712);
}

Test(plan, keeps_the_managers_group_apart_from_the_vms)
{
        const Config range = { .uid_range = { 900, 999 } }, above = { .uid_range = { 996, 999 } };
        _cleanup_plan_ Plan plan = {}, other = {};

        refuses(&(Config){ .gid = 995 }, &(HostFacts){ .api_gid = 995 }, "FCJAIL_GID= is the group");
        refuses(&(Config){ .uid = 995 }, &(HostFacts){ .api_gid = 995 }, "FCJAIL_UID= is the group");
        refuses(&(Config){}, &(HostFacts){ .api_gid = 995, .unit_gid = 995 },
                "Group= of the unit is the group");
        refuses(&range, &(HostFacts){ .api_gid = 995 }, "FCJAIL_UID_RANGE= has the number of the group");

        make(&above, &(HostFacts){ .api_gid = 995 }, &plan);
        make(&(Config){ .uid = 995, .gid = 996 }, &(HostFacts){ .api_gid = 995 }, &other);
}
