/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "device-unit.h"
#include "unit-needs.h"

static void is_named(const char *path, const char *want)
{
        char name[UNIT_NAME_SIZE];

        cr_assert_eq(device_unit_name(path, name), 0, "%s", path);
        cr_expect_str_eq(name, want);
}

/* As systemd-escape(1) names them. */
Test(device_unit, has_the_name_that_systemd_gives_it)
{
        is_named("/dev/sda1", "dev-sda1.device");
        is_named("/dev/vg/lv-1", "dev-vg-lv\\x2d1.device");
        is_named("/dev/mapper/a_b:c.d", "dev-mapper-a_b:c.d.device");
        is_named("/dev/.a", "dev-.a.device");
        is_named("/.dev/a", "\\x2edev-a.device");
        is_named("/dev/a b@c", "dev-a\\x20b\\x40c.device");
        is_named("/dev/disk/by-label/My\\x20Disk", "dev-disk-by\\x2dlabel-My\\x5cx20Disk.device");
        is_named("/dev/\xc3\xa4", "dev-\\xc3\\xa4.device");
}

Test(device_unit, is_none_if_its_name_were_too_long)
{
        char path[300] = "/dev/", name[UNIT_NAME_SIZE] = "before";

        memset(path + 5, 'a', 244);
        cr_expect_eq(device_unit_name(path, name), 0);
        cr_expect_eq(strlen(name), 255);
        path[5 + 244] = 'a';
        cr_expect_eq(device_unit_name(path, name), -ENAMETOOLONG);
        memset(path + 5, '-', 62);
        path[5 + 62] = '\0';
        cr_expect_eq(device_unit_name(path, name), -ENAMETOOLONG);
        path[5 + 61] = '\0';
        cr_expect_eq(device_unit_name(path, name), 0);
        cr_expect_eq(strlen(name), 255);
}

static Plan make_plan(void)
{
        return (Plan){ .chroot_dir = (char *) DEFAULT_CHROOT_DIR, .vmm = (char *) DEFAULT_VMM };
}

static void add_bind(Plan *p, const char *source, bool read_only)
{
        p->binds[p->n_binds++] = (BindPlan){ .source = (char *) source, .read_only = read_only };
}

static void is_need(const UnitNeed *n, const char *path, bool device, bool writable)
{
        cr_expect_str_eq(n->path, path);
        cr_expect_eq(n->device, device, "%s", path);
        cr_expect_eq(n->writable, writable, "%s", path);
}

Test(unit_needs, are_none_with_defaults)
{
        Plan p = make_plan();
        UnitNeeds n;

        unit_needs(&p, &n);
        cr_expect_eq(n.n_items, 0);
        cr_expect(!n.loop);
}

Test(unit_needs, are_all_paths_sorted_and_once)
{
        Plan p = make_plan();
        UnitNeeds n;

        p.chroot_dir = (char *) "/mnt/jails";
        p.vmm = (char *) "/opt/vmm";
        p.config = (char *) "/mnt/a.json";
        add_bind(&p, "/mnt/disk", false);
        add_bind(&p, "/dev/vg/lv", true);
        add_bind(&p, "/dev/vg/lv", false);
        add_bind(&p, "/dev/vg/cd", true);
        add_bind(&p, "/dev/shm/file", false);
        add_bind(&p, "/dev/hugepages/file", false);
        add_bind(&p, "/dev/mqueue/file", false);
        add_bind(&p, "/device", false);
        add_bind(&p, "/mnt/disk", true);
        unit_needs(&p, &n);
        cr_assert_eq(n.n_items, 10);
        is_need(&n.items[0], "/dev/hugepages/file", false, false);
        is_need(&n.items[1], "/dev/mqueue/file", false, false);
        is_need(&n.items[2], "/dev/shm/file", false, false);
        is_need(&n.items[3], "/dev/vg/cd", true, false);
        is_need(&n.items[4], "/dev/vg/lv", true, true);
        is_need(&n.items[5], "/device", false, false);
        is_need(&n.items[6], "/mnt/a.json", false, false);
        is_need(&n.items[7], "/mnt/disk", false, false);
        is_need(&n.items[8], "/mnt/jails", false, false);
        is_need(&n.items[9], "/opt/vmm", false, false);
}

static void has_stamp(const Plan *p, char buf[UNIT_STAMP_MAX])
{
        UnitNeeds n;

        unit_needs(p, &n);
        cr_assert_eq(unit_stamp(&n, buf), buf);
        cr_assert_eq(strlen(buf), UNIT_STAMP_MAX - 1);
}

Test(unit_needs, have_another_stamp_if_anything_differs)
{
        Plan p = make_plan();
        char stamps[6][UNIT_STAMP_MAX];

        has_stamp(&p, stamps[0]);
        add_bind(&p, "/dev/a", true);
        has_stamp(&p, stamps[1]);
        p.binds[0].read_only = false;
        has_stamp(&p, stamps[2]);
        p.binds[0].loop = true;
        has_stamp(&p, stamps[3]);
        add_bind(&p, "/b", true);
        has_stamp(&p, stamps[4]);
        p.binds[1].source = (char *) "/c";
        has_stamp(&p, stamps[5]);
        for (size_t i = 0; i < ELEMENTSOF(stamps); i++)
                for (size_t k = i + 1; k < ELEMENTSOF(stamps); k++)
                        cr_expect_str_neq(stamps[i], stamps[k]);

        /* What the unit does not need to know: */
        p.binds[1].read_only = false;
        p.uid = 30001;
        has_stamp(&p, stamps[0]);
        cr_expect_str_eq(stamps[0], stamps[5]);
}
