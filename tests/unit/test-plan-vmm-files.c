/* SPDX-License-Identifier: Apache-2.0 */

/* What a plan makes of Firecracker's configuration. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"

static const HostFacts pc = { .unit_uid = UID_INVALID,
                              .unit_gid = GID_INVALID,
                              .api_gid = GID_INVALID,
                              .own_netns = TRISTATE_NO,
                              .ctrl_alt_del = true };
static const Config unset = CONFIG_UNSET;

/* The plan of a VM whose configuration is this text. The result is to be freed with vmm_files_done(). */
static int plan_config(const Config *c, const char *json, VmmFiles *files, Diagnostics *d, Plan *ret)
{
        _cleanup_free_ char *why = NULL;
        HostFacts facts = pc;
        Config with = *c;

        with.config = (char *) "/etc/vm.json";
        cr_assert_eq(vmm_files_read(json, strlen(json), files, &why), 0, "%s", why);
        facts.vmm_files = files;
        return plan_make("web1", &with, &facts, d, ret);
}

static void plans_config(const Config *c, const char *json, Plan *ret)
{
        _cleanup_vmm_files_ VmmFiles files = {};
        _cleanup_diagnostics_ Diagnostics d = {};

        cr_assert_eq(plan_config(c, json, &files, &d, ret), 0, "%s", d.n_items ? d.items[0].text : "");
}

static void refuses_config(const char *json, size_t n, const char *reason)
{
        _cleanup_vmm_files_ VmmFiles files = {};
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_plan_ Plan plan = {};

        cr_assert_eq(plan_config(&unset, json, &files, &d, &plan), -EBADMSG, "%s", json);
        cr_assert_eq(d.n_items, n, "%zu: %s", d.n_items, d.items[0].text);
        cr_expect(strstr(d.items[n - 1].text, reason), "%s", d.items[n - 1].text);
}

static void is_bind(const BindPlan *b, const char *path, BindKind kind, bool read_only, const char *named_by)
{
        cr_expect_str_eq(b->path, path);
        cr_expect_eq(b->kind, kind, "%s", path);
        cr_expect_eq(b->read_only, read_only, "%s", path);
        cr_expect_str_eq(b->named_by, named_by);
}

Test(plan_vmm_files, binds_what_the_configuration_names)
{
        _cleanup_plan_ Plan plan = {};

        plans_config(
                &unset,
                "{\"boot-source\": {\"kernel_image_path\": \"/vms/kernel\", \"initrd_path\": \"initrd\"},"
                "\"drives\": [{\"path_on_host\": \"/vms/disk\"}, {\"socket\": \"/vms/socket\"}],"
                "\"pmem\": [{\"path_on_host\": \"/vms/pmem\", \"read_only\": true}],"
                "\"vsock\": {\"uds_path\": \"/sockets/v.sock\"}, \"logger\": {\"log_path\": \"/vms/log\"},"
                "\"metrics\": {\"metrics_path\": \"/dev/null\"}}",
                &plan);
        cr_assert_eq(plan.n_binds, 6);
        is_bind(&plan.binds[0], "sockets", BIND_SOCKET_DIR, false, "/vsock/uds_path");
        is_bind(&plan.binds[1], "vms/disk", BIND_FILE, false, "/drives/0/path_on_host");
        is_bind(&plan.binds[2], "vms/kernel", BIND_FILE, true, "/boot-source/kernel_image_path");
        is_bind(&plan.binds[3], "vms/log", BIND_CREATED, false, "/logger/log_path");
        is_bind(&plan.binds[4], "vms/pmem", BIND_FILE, true, "/pmem/0/path_on_host");
        is_bind(&plan.binds[5], "vms/socket", BIND_SOCKET, true, "/drives/1/socket");
        cr_expect(plan.binds[4].not_empty && !plan.binds[1].not_empty);
        cr_expect_str_eq(plan.binds[1].read_only_by, "is_read_only");
        cr_expect_null(plan.binds[2].read_only_by);
}

Test(plan_vmm_files, leaves_the_names_of_the_jail_alone)
{
        _cleanup_plan_ Plan plan = {};

        plans_config(
                &unset,
                "{\"boot-source\": {\"kernel_image_path\": \"/firecracker\", \"initrd_path\": \"/fcjail.json\"},"
                "\"drives\": [{\"path_on_host\": \"/run/disk\"}, {\"path_on_host\": \"/dev\"},"
                "{\"path_on_host\": \"/dev/kvm/a\"}, {\"path_on_host\": \"/dev/net\"}, {\"path_on_host\": \"/sys/a\"},"
                "{\"path_on_host\": \"/dev/kvm\"}, {\"path_on_host\": \"/dev/vg/disk\"}],"
                "\"vsock\": {\"uds_path\": \"/run/v.sock\"}, \"logger\": {\"log_path\": \"/dev/stdout\"}}",
                &plan);
        cr_assert_eq(plan.n_binds, 1);
        is_bind(&plan.binds[0], "dev/vg/disk", BIND_FILE, false, "/drives/6/path_on_host");
}

Test(plan_vmm_files, binds_a_file_once)
{
        _cleanup_plan_ Plan plan = {};

        plans_config(
                &unset,
                "{\"drives\": [{\"path_on_host\": \"/a\", \"is_read_only\": true}, {\"path_on_host\": \"/a\"},"
                "{\"path_on_host\": \"/b\", \"is_read_only\": true}],"
                "\"pmem\": [{\"path_on_host\": \"/a\", \"read_only\": true}],"
                "\"logger\": {\"log_path\": \"/b\"}, \"metrics\": {\"metrics_path\": \"/b\"}}",
                &plan);
        cr_assert_eq(plan.n_binds, 2);
        is_bind(&plan.binds[0], "a", BIND_FILE, false,
                "/drives/0/path_on_host, /drives/1/path_on_host, /pmem/0/path_on_host");
        cr_expect(plan.binds[0].not_empty);
        is_bind(&plan.binds[1], "b", BIND_FILE, false,
                "/drives/2/path_on_host, /logger/log_path, /metrics/metrics_path");
}

Test(plan_vmm_files, makes_logs_and_sockets_in_the_directory_of_a_socket)
{
        _cleanup_plan_ Plan plan = {};

        plans_config(
                &unset,
                "{\"drives\": [{\"path_on_host\": \"/d/disk\"}], \"vsock\": {\"uds_path\": \"/d/v.sock\"},"
                "\"logger\": {\"log_path\": \"/d/log\"}, \"metrics\": {\"metrics_path\": \"/d/deep/metrics\"},"
                "\"machine-config\": {\"gdb_socket_path\": \"/d/gdb.sock\"}}",
                &plan);
        cr_assert_eq(plan.n_binds, 2);
        is_bind(&plan.binds[0], "d", BIND_SOCKET_DIR, false,
                "/vsock/uds_path, /logger/log_path, /metrics/metrics_path, /machine-config/gdb_socket_path");
        is_bind(&plan.binds[1], "d/disk", BIND_FILE, false, "/drives/0/path_on_host");
}

Test(plan_vmm_files, lets_a_setting_win_over_the_configuration)
{
        _cleanup_plan_ Plan plan = {};
        Config c = { .uid = UID_INVALID, .gid = GID_INVALID, .n_binds = 2 };

        c.binds[0] = (BindConfig){ .source = "/x", .destination = "/vms", .read_only = true };
        c.binds[1] = (BindConfig){ .source = "/y", .destination = "/disk", .shared = true };
        plans_config(
                &c,
                "{\"boot-source\": {\"kernel_image_path\": \"/vms/kernel\", \"initrd_path\": \"/vms2/initrd\"},"
                "\"drives\": [{\"path_on_host\": \"/disk\", \"is_read_only\": true}]}",
                &plan);
        cr_assert_eq(plan.n_binds, 3);
        is_bind(&plan.binds[0], "disk", BIND_ANY, false, "FCJAIL_BIND=, /drives/0/path_on_host");
        cr_expect(plan.binds[0].shared && strcmp(plan.binds[0].source, "/y") == 0);
        is_bind(&plan.binds[1], "vms", BIND_ANY, true, "FCJAIL_BIND_RO=, /boot-source/kernel_image_path");
        is_bind(&plan.binds[2], "vms2/initrd", BIND_FILE, true, "/boot-source/initrd_path");
}

Test(plan_vmm_files, refuses_one_name_for_two_uses)
{
        refuses_config("{\"drives\": [{\"path_on_host\": \"/a\"}, {\"socket\": \"/a\"}]}", 1,
                       "has '/a' at /drives/1/socket, which is something else at /drives/0/path_on_host");
        refuses_config(
                "{\"drives\": [{\"path_on_host\": \"/a\"}], \"vsock\": {\"uds_path\": \"/a/v.sock\"}}", 1,
                "has '/a/v.sock' at /vsock/uds_path, which is something else");
        refuses_config("{\"drives\": [{\"socket\": \"/a\"}], \"logger\": {\"log_path\": \"/a\"}}", 1,
                       "has '/a' at /logger/log_path, which is something else");
}

Test(plan_vmm_files, refuses_odd_paths_of_the_configuration)
{
        static const char *const paths[] = { "/",    "//",      "/a/", "/a//b",   "/./a",
                                             "/a/.", "/a/../b", "/..", "/a/\\nb", "/a\\u007f" };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_free_ char *json = NULL;

                cr_assert(ASPRINTF(&json, "{\"drives\": [{\"path_on_host\": \"%s\"}]}", paths[i]) > 0);
                refuses_config(json, 1, "at /drives/0/path_on_host, which is invalid; use an absolute path");
        }
        refuses_config("{\"vsock\": {\"uds_path\": \"/v.sock\"}}", 1,
                       "which is a socket in the root directory");
}

/* "[row, row, …]" with n rows, "%zu" in each the number of the row. */
static char *list_of(const char *section, const char *member, const char *value, size_t n)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        cr_assert_not_null(f);
        fprintf(f, "{\"%s\": [", section);
        for (size_t i = 0; i < n; i++)
                fprintf(f, "%s{\"%s\": \"%s%zu\"}", i > 0 ? ", " : "", member, value, i);
        fprintf(f, "]}");
        cr_assert_eq(fclose(f), 0);
        return text;
}

Test(plan_vmm_files, bounds_the_files_of_the_configuration)
{
        _cleanup_free_ char *most = list_of("drives", "path_on_host", "/a", BIND_PLANS_MAX),
                            *more = list_of("drives", "path_on_host", "/a", BIND_PLANS_MAX + 2);
        _cleanup_plan_ Plan plan = {};

        plans_config(&unset, most, &plan);
        cr_expect_eq(plan.n_binds, BIND_PLANS_MAX);
        refuses_config(more, 2, "at /drives/41/path_on_host, which is one file too many");
}

/* A message with them can be read. */
Test(plan_vmm_files, bounds_the_names_of_a_bind)
{
        _cleanup_free_ char *json = list_of("drives", "socket\": \"/a\", \"drive_id", "", 5000);
        _cleanup_plan_ Plan plan = {};

        plans_config(&unset, json, &plan);
        cr_assert_eq(plan.n_binds, 1);
        cr_expect_lt(strlen(plan.binds[0].named_by), 300);
}

Test(plan_vmm_files, makes_a_tap_for_each_network_interface)
{
        _cleanup_free_ char *most = list_of("network-interfaces", "host_dev_name", "fc", TAPS_MAX),
                            *more = list_of("network-interfaces", "host_dev_name", "fc", TAPS_MAX + 1);
        Config with_tap = { .uid = UID_INVALID, .gid = GID_INVALID, .taps_set = true, .n_taps = 1 };
        _cleanup_plan_ Plan plan = {}, none = {}, other = {};

        plans_config(&unset, most, &plan);
        cr_assert_eq(plan.n_taps, TAPS_MAX);
        cr_expect_str_eq(plan.taps[0].name, "fc0");
        cr_expect_str_eq(plan.taps[7].name, "fc7");
        plans_config(&unset, "{}", &none);
        cr_expect_eq(none.n_taps, 0);
        strcpy(with_tap.taps[0].name, "own");
        plans_config(&with_tap, more, &other);
        cr_assert_eq(other.n_taps, 1);
        cr_expect_str_eq(other.taps[0].name, "own");
        refuses_config(more, 1,
                       "has 'fc8' at /network-interfaces/8/host_dev_name, which is one TAP too many");
}

Test(plan_vmm_files, refuses_odd_taps_of_the_configuration)
{
        refuses_config(
                "{\"network-interfaces\": [{\"host_dev_name\": \"fc0\"}, {\"host_dev_name\": \"fc0\"}]}", 1,
                "which another network interface has already");
        refuses_config("{\"network-interfaces\": [{\"host_dev_name\": \"lo\"}]}", 1,
                       "which is an invalid TAP name");
        refuses_config("{\"network-interfaces\": [{\"host_dev_name\": \"a-name-of-16-byt\"}]}", 1,
                       "invalid TAP name");
        refuses_config("{\"network-interfaces\": [{\"host_dev_name\": \"\"}]}", 1, "invalid TAP name");
}

/* Its TAPs are not files. */
Test(plan_vmm_files, binds_nothing_if_that_is_switched_off)
{
        const Config c = { .uid = UID_INVALID, .gid = GID_INVALID, .config_bind = TRISTATE_NO };
        _cleanup_plan_ Plan plan = {};

        plans_config(&c,
                     "{\"drives\": [{\"path_on_host\": \"/a/../b\"}],"
                     "\"network-interfaces\": [{\"host_dev_name\": \"fc0\"}]}",
                     &plan);
        cr_expect_eq(plan.n_binds, 0);
        cr_assert_eq(plan.n_taps, 1);
        cr_expect_str_eq(plan.taps[0].name, "fc0");
}
