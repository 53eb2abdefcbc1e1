/* SPDX-License-Identifier: Apache-2.0 */

/* What a plan makes of hosts that this one is not. All else of it is in tests/golden. */

#include <criterion/criterion.h>
#include <string.h>

#include "json-add.h"
#include "plan.h"

#define NO_IDS                                                                                              \
        .unit_uid = UID_INVALID, .unit_gid = GID_INVALID, .api_gid = GID_INVALID, .own_netns = TRISTATE_NO
static const HostFacts pc = { NO_IDS, .ctrl_alt_del = true }, no_pc = { NO_IDS, .cpu_files = true };
static const Config unset = CONFIG_UNSET;

static void make(const Config *c, const HostFacts *facts, Plan *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};

        cr_assert_eq(plan_make("web1", c, facts, &d, ret), 0);
}

static char *json_of(const Plan *p)
{
        _cleanup_json_ struct json_object *o = json_object_new_object();
        char *text = NULL;

        cr_assert(o && plan_json(p, o) == 0 && json_line(o, &text) == 0);
        return text;
}

Test(plan, stops_by_ctrl_alt_del_where_there_is_one)
{
        _cleanup_plan_ Plan plan = {};

        make(&unset, &pc, &plan);
        cr_expect_eq(plan.stop_seconds, 20);
}

Test(plan, stops_by_a_kill_where_there_is_no_ctrl_alt_del)
{
        _cleanup_plan_ Plan plan = {};

        make(&unset, &no_pc, &plan);
        cr_expect_eq(plan.stop_seconds, 0);
}

Test(plan, refuses_ctrl_alt_del_where_there_is_none)
{
        const Config c = { .uid = UID_INVALID, .gid = GID_INVALID, .stop = STOP_CTRL_ALT_DEL };
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_plan_ Plan plan = {};

        cr_expect_eq(plan_make("web1", &c, &no_pc, &d, &plan), -EBADMSG);
        cr_assert_eq(d.n_items, 1);
        cr_expect(strstr(d.items[0].text, "exists only on x86_64"));
}

Test(plan, gives_files_about_the_cpu_where_the_vmm_reads_them)
{
        _cleanup_plan_ Plan plan = {}, other = {};
        _cleanup_free_ char *text = NULL, *json = NULL;

        make(&unset, &no_pc, &plan);
        cr_assert_eq(plan_dump(&plan, &text), 0);
        cr_expect(strstr(text, "\nmount: /sys ro,nosuid,nodev,noexec\n"));
        json = json_of(&plan);
        cr_expect(strstr(json, "{\"path\":\"/sys\",\"options\":\"ro,nosuid,nodev,noexec\"}"));

        make(&unset, &pc, &other);
        cr_expect_null(plan_mount(&other, MOUNT_SYS));
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

static HostFacts unit(uid_t uid, gid_t gid, gid_t api_gid)
{
        return (HostFacts){ .own_netns = TRISTATE_NO, .unit_uid = uid, .unit_gid = gid, .api_gid = api_gid };
}

static Config ids(uid_t uid, gid_t gid)
{
        return (Config){ .uid = uid, .gid = gid };
}

Test(plan, refuses_ids_of_the_unit_that_no_vm_may_have)
{
        const HostFacts user = unit(65534, GID_INVALID, GID_INVALID),
                        group = unit(UID_INVALID, 65534, GID_INVALID), both = unit(890, 65535, GID_INVALID),
                        root = unit(0, GID_INVALID, GID_INVALID);

        refuses(&unset, &user, "User= of the unit is uid 65534");
        refuses(&unset, &group, "Group= of the unit is gid 65534");
        refuses(&unset, &both, "Group= of the unit is gid 65535");
        refuses(&unset, &root, "User= of the unit is uid 0");
}

Test(plan, lets_a_setting_win_over_a_bad_group_of_the_unit)
{
        const HostFacts facts = unit(UID_INVALID, 65534, GID_INVALID);
        const Config c = ids(UID_INVALID, 4712);
        _cleanup_plan_ Plan plan = {};

        make(&c, &facts, &plan);
        cr_expect_eq(plan.gid, 4712);
        cr_expect_eq(plan.uid, UID_INVALID);
}

Test(plan, keeps_the_managers_group_apart_from_the_vms)
{
        const HostFacts facts = unit(UID_INVALID, GID_INVALID, 995), same = unit(UID_INVALID, 995, 995);
        const Config gid = ids(UID_INVALID, 995), uid = ids(995, GID_INVALID), good = ids(995, 996);
        Config range = CONFIG_UNSET, above = CONFIG_UNSET;
        _cleanup_plan_ Plan plan = {}, other = {};

        range.uid_range = (UidRange){ 900, 999 };
        above.uid_range = (UidRange){ 996, 999 };
        refuses(&gid, &facts, "FCJAIL_GID= is gid 995, which is also the group");
        refuses(&uid, &facts, "FCJAIL_UID= is gid 995, which is also the group");
        refuses(&unset, &same, "Group= of the unit is gid 995, which is also the group");
        refuses(&range, &facts, "FCJAIL_UID_RANGE= contains gid 995, the group");

        make(&above, &facts, &plan);
        make(&good, &facts, &other);
        cr_expect_eq(other.api_gid, 995);
}

Test(plan, puts_a_directory_before_what_is_in_it)
{
        Config c = { .uid = UID_INVALID, .gid = GID_INVALID, .n_binds = 4 };
        static char *const destinations[] = { "/a/b/c", "/a-b", "/a", "/a/b" };
        _cleanup_plan_ Plan plan = {};

        for (size_t i = 0; i < c.n_binds; i++)
                c.binds[i] = (BindConfig){ .source = "/x", .destination = destinations[i] };
        make(&c, &pc, &plan);
        cr_assert_eq(plan.n_binds, 4);
        cr_expect_str_eq(plan.binds[0].path, "a");
        cr_expect_str_eq(plan.binds[1].path, "a-b");
        cr_expect_str_eq(plan.binds[2].path, "a/b");
        cr_expect_str_eq(plan.binds[3].path, "a/b/c");
}

/* Whether it is one is up to whoever opens the source. */
Test(plan, has_room_for_block_devices)
{
        static const char *const good[] = { "/dev/vda", "/dev/vg/lv", "/dev/net/x", "/dev/kvmx", "/run/x" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                const Config c = { .uid = UID_INVALID,
                                   .gid = GID_INVALID,
                                   .binds = { { .source = "/x", .destination = (char *) good[i] } },
                                   .n_binds = 1 };
                _cleanup_plan_ Plan plan = {};

                make(&c, &pc, &plan);
        }
}

/* A setting does not become wrong on another host. */
Test(plan, reserves_sys_where_the_vmm_does_not_read_it)
{
        const Config c = { .uid = UID_INVALID,
                           .gid = GID_INVALID,
                           .binds = { { .source = "/x", .destination = "/sys/x" } },
                           .n_binds = 1 };

        refuses(&c, &pc, "FCJAIL_BIND= binds /x to /sys/x, which the jail itself uses");
        refuses(&c, &no_pc, "FCJAIL_BIND= binds /x to /sys/x, which the jail itself uses");
}

/* An id that nobody has given is not root's. */
Test(plan, says_nothing_of_ids_that_are_chosen_later)
{
        _cleanup_free_ char *text = NULL, *json = NULL;
        _cleanup_plan_ Plan plan = {};

        make(&unset, &pc, &plan);
        cr_expect_eq(plan.uid, UID_INVALID);
        cr_expect_eq(plan.gid, GID_INVALID);
        cr_expect_eq(plan.api_gid, GID_INVALID);
        cr_assert_eq(plan_dump(&plan, &text), 0);
        cr_expect(strstr(text, "\nuid: a free one of 1879048192-1879113727\ngid: as the uid\n"));
        json = json_of(&plan);
        cr_expect_not(strstr(json, "\"uid\":"));
        cr_expect_not(strstr(json, "\"gid\":"));
}
