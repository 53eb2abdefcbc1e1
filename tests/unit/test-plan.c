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
