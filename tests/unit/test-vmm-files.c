/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "vmm-files.h"
#include "vmm-sections.h"

static void reads(const char *text, VmmFiles *ret)
{
        _cleanup_free_ char *why = NULL;

        cr_assert_eq(vmm_files_read(text, strlen(text), ret, &why), 0, "%s", why);
        cr_assert_null(why);
}

static void refuses_bytes(const char *text, size_t size, const char *want)
{
        _cleanup_vmm_files_ VmmFiles files = {};
        _cleanup_free_ char *why = NULL;

        cr_assert_eq(vmm_files_read(text, size, &files, &why), -EBADMSG, "%s", text);
        cr_assert_str_eq(why, want);
        cr_assert_eq(files.n_items, 0);
}

static void is_file(const VmmFile *f, VmmAccess access, const char *role, bool read_only,
                    const char *pointer, const char *label, const char *path)
{
        cr_expect_eq(f->access, access);
        cr_expect_str_eq(f->role, role);
        cr_expect_eq(f->read_only, read_only);
        cr_expect_str_eq(f->pointer, pointer);
        cr_expect_str_eq(f->path, path);
        if (label)
                cr_expect_str_eq(f->label, label);
        else
                cr_expect_null(f->label);
}

Test(vmm_files, names_every_file)
{
        _cleanup_vmm_files_ VmmFiles f = {};

        reads("{\"drives\": ["
              "{\"drive_id\": \"root\", \"path_on_host\": \"/a\", \"is_root_device\": true},"
              "{\"drive_id\": \"v\", \"socket\": \"/v\", \"path_on_host\": null},"
              "{\"path_on_host\": \"/\\u00e4\", \"is_read_only\": true}],"
              "\"pmem\": [{\"id\": \"p\", \"path_on_host\": \"/p\"}],"
              "\"boot-source\": {\"initrd_path\": \"/i\", \"kernel_image_path\": \"/k\"},"
              "\"cpu-config\": \"/c\"}",
              &f);
        cr_assert_eq(f.n_items, 7);
        is_file(&f.items[0], VMM_OPENS, "kernel", true, "/boot-source/kernel_image_path", NULL, "/k");
        is_file(&f.items[1], VMM_OPENS, "initrd", true, "/boot-source/initrd_path", NULL, "/i");
        is_file(&f.items[2], VMM_OPENS, "CPU template", true, "/cpu-config", NULL, "/c");
        is_file(&f.items[3], VMM_OPENS, "drive", false, "/drives/0/path_on_host", "root", "/a");
        is_file(&f.items[4], VMM_OPENS, "drive", true, "/drives/2/path_on_host", NULL, "/\xc3\xa4");
        is_file(&f.items[5], VMM_CONNECTS, "vhost-user drive", false, "/drives/1/socket", "v", "/v");
        is_file(&f.items[6], VMM_OPENS, "pmem device", false, "/pmem/0/path_on_host", "p", "/p");
        cr_expect_str_eq(f.items[4].read_only_by, "is_read_only");
        cr_expect_str_eq(f.items[6].read_only_by, "read_only");
        cr_expect(f.items[6].not_empty && !f.items[4].not_empty);
        cr_expect(f.items[3].may_be_loop && f.items[4].may_be_loop);
        cr_expect(!f.items[0].may_be_loop && !f.items[5].may_be_loop && !f.items[6].may_be_loop);
}

Test(vmm_files, names_what_the_vmm_makes_and_attaches)
{
        _cleanup_vmm_files_ VmmFiles f = {};

        reads("{\"network-interfaces\": [{\"iface_id\": \"eth0\", \"host_dev_name\": \"tap0\"}],"
              "\"machine-config\": {\"gdb_socket_path\": \"/g\"}, \"metrics\": {\"metrics_path\": \"/m\"},"
              "\"logger\": {\"log_path\": \"/l\"}, \"vsock\": {\"guest_cid\": 3, \"uds_path\": \"/u\"}}",
              &f);
        cr_assert_eq(f.n_items, 5);
        is_file(&f.items[0], VMM_BINDS, "vsock socket", false, "/vsock/uds_path", NULL, "/u");
        is_file(&f.items[1], VMM_CREATES, "log", false, "/logger/log_path", NULL, "/l");
        is_file(&f.items[2], VMM_CREATES, "metrics", false, "/metrics/metrics_path", NULL, "/m");
        is_file(&f.items[3], VMM_BINDS, "gdb socket", false, "/machine-config/gdb_socket_path", NULL, "/g");
        is_file(&f.items[4], VMM_ATTACHES, "network interface", false, "/network-interfaces/0/host_dev_name",
                "eth0", "tap0");
        cr_expect_eq(f.n_unknown, 0);
}

/* Firecracker ignores them without a word. */
Test(vmm_files, names_unknown_sections)
{
        _cleanup_vmm_files_ VmmFiles f = {};

        reads("{\"network_interfaces\": [{\"host_dev_name\": \"tap0\"}], \"balloon\": {}, \"entropy\": {},"
              "\"memory-hotplug\": {}, \"mmds-config\": {}, \"serial\": null}",
              &f);
        cr_expect_eq(f.n_items, 0);
        cr_assert_eq(f.n_unknown, 2);
        cr_expect_str_eq(f.unknown[0], "network_interfaces");
        cr_expect_str_eq(f.unknown[1], "serial");
}

Test(vmm_files, guesses_which_section_was_meant)
{
        static const struct {
                const char *typo, *meant;
        } rows[] = {
                { "network_interfaces", "network-interfaces" },
                { "network-interface", "network-interfaces" },
                { "boot_source", "boot-source" },
                { "bootsource", "boot-source" },
                { "drive", "drives" },
                { "vsokc", "vsock" },
                { "serial", NULL },
                { "disks", NULL },
                { "", NULL },
                { "network-interfaces-network-interfaces-network-interfaces", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *guess = vmm_section_guess(rows[i].typo);

                cr_expect_str_eq(guess ? guess : "nothing", rows[i].meant ? rows[i].meant : "nothing", "%s",
                                 rows[i].typo);
        }
}

Test(vmm_files, tells_how_large_the_vm_is)
{
        static const struct {
                const char *text;
                VmmMachine want;
        } rows[] = {
                { "{}", { 128, 0, false } },
                { "{\"machine-config\": null, \"memory-hotplug\": null}", { 128, 0, false } },
                { "{\"machine-config\": {\"mem_size_mib\": 64, \"huge_pages\": \"None\"}}",
                  { 64, 0, false } },
                { "{\"memory-hotplug\": {\"total_size_mib\": 1024}, \"machine-config\":"
                  "{\"huge_pages\": \"2M\", \"mem_size_mib\": 2147483647}}",
                  { 2147483647, 1024, true } },
                { "{\"machine-config\": {\"huge_pages\": \"Transparent\"}}", { 128, 0, false } },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_vmm_files_ VmmFiles f = {};

                reads(rows[i].text, &f);
                cr_expect_eq(f.machine.mem_mib, rows[i].want.mem_mib, "row %zu", i);
                cr_expect_eq(f.machine.hotplug_mib, rows[i].want.hotplug_mib, "row %zu", i);
                cr_expect_eq(f.machine.huge_pages, rows[i].want.huge_pages, "row %zu", i);
        }
}

Test(vmm_files, tells_which_drives_need_io_uring)
{
        _cleanup_vmm_files_ VmmFiles f = {};

        reads("{\"drives\": [{\"path_on_host\": \"/a\", \"io_engine\": \"Async\"},"
              "{\"path_on_host\": \"/b\", \"io_engine\": \"Sync\"}, {\"path_on_host\": \"/c\"},"
              "{\"path_on_host\": \"/d\", \"io_engine\": null}]}",
              &f);
        cr_assert_eq(f.n_items, 4);
        cr_expect(f.items[0].async && !f.items[1].async && !f.items[2].async && !f.items[3].async);
}

Test(vmm_files, names_none_where_there_is_none)
{
        static const char *const rows[] = {
                "{}",
                " {\"drives\": [], \"boot-source\": {}}\n",
                "{\"drives\": null, \"boot-source\": {\"initrd_path\": null}}",
                "{\"cpu-config\": {\"kvm_capabilities\": []}, \"logger\": {}, \"vsock\": null}",
                "{\"path_on_host\": \"/a\", \"other\": {\"drives\": [{\"path_on_host\": \"/a\"}]}}",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_vmm_files_ VmmFiles f = {};

                reads(rows[i], &f);
                cr_expect_eq(f.n_items, 0, "row %zu", i);
        }
}

Test(vmm_files, is_read_only_absent_or_null_means_writable)
{
        _cleanup_vmm_files_ VmmFiles f = {};

        reads("{\"drives\": [{\"path_on_host\": \"/a\", \"is_read_only\": null},"
              "{\"path_on_host\": \"/a\", \"is_read_only\": false}, {\"path_on_host\": \"/a\"}]}",
              &f);
        cr_assert_eq(f.n_items, 3);
        FOREACH_ARRAY (i, f.items, f.n_items)
                cr_expect_not(i->read_only);
}

/* What json-c says of it changes from one version to the next. */
Test(vmm_files, refuses_what_is_not_json)
{
        static const struct {
                const char *text, *want;
        } rows[] = {
                { "", "line 1, column 1: unexpected end of the file" },
                { "{\n  \"a\": [1,\n", "line 3, column 1: unexpected end of the file" },
                { "{\n \"a\": x}", "line 2, column 7: " },
                { "{} {}", "line 1, column 4: " },
                { "{} // x", "line 1, column 4: " },
                { "{a: 1}", "line 1, column 2: " },
                { "{\"a\": 1,}", "line 1, column 9: " },
                { "{\"a\": \"\xff\"}", "line 1, column 8: " },
                { "\xef\xbb\xbf{}", "line 1, column 1: " },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_vmm_files_ VmmFiles f = {};
                _cleanup_free_ char *why = NULL, *want = NULL;

                cr_expect_eq(vmm_files_read(rows[i].text, strlen(rows[i].text), &f, &why), -EBADMSG);
                cr_assert(ASPRINTF(&want, "is not valid JSON at %s", rows[i].want) > 0);
                cr_expect(strncmp(why, want, strlen(want)) == 0, "%s", why);
        }
}

Test(vmm_files, refuses_what_is_no_object)
{
        refuses_bytes("[]", 2, "is not a JSON object");
        refuses_bytes("null ", 5, "is not a JSON object");
}

Test(vmm_files, refuses_a_nul_byte)
{
        refuses_bytes("{}\0{}", 5, "is not valid JSON at line 1, column 3: unexpected character");
}

/* json-c takes the last one, and Firecracker none. */
Test(vmm_files, refuses_a_name_twice)
{
#define TWICE "has an object with two members of the same name"
        static const struct {
                const char *text, *want;
        } rows[] = {
                { "{\"drives\": [], \"drives\": []}", TWICE ", at line 1: 'drives'" },
                { "{\"drives\": [{\"path_on_host\": \"/a\",\n \"path_on_host\" : \"/b\"}]}",
                  TWICE ", at line 2: 'path_on_host'" },
                { "{\"a\": {\"b\": 1}, \"\\u0061\": 1}", TWICE },
                { "{\"a\": [{\"b\": 1}, {\"b\": \"{\"}],\n\"c\": {\"b\": 1},\n\"b\": \"b\",\n\"b\": 1}",
                  TWICE ", at line 4: 'b'" },
                { "{\"\": 1, \"\": 1}", TWICE ", at line 1" },
                { "{\"a b\": 1, \"a b\": 1}", TWICE ", at line 1" },
                { "{\"\\\"\": 1, \"\\\"\": 1}", TWICE ", at line 1: '\\\"'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                refuses_bytes(rows[i].text, strlen(rows[i].text), rows[i].want);
}

Test(vmm_files, takes_colons_in_strings_for_no_members)
{
        _cleanup_vmm_files_ VmmFiles f = {};

        reads("{\"a:\": \":\\\":\\\\\", \"b\": [{\"c\": \"\\\\\"}, {\"c\" : {}}]}", &f);
}

Test(vmm_files, refuses_what_has_another_type)
{
        static const struct {
                const char *text, *want;
        } rows[] = {
                { "{\"drives\": {}}", "/drives is not an array" },
                { "{\"drives\": [{}, 1]}", "/drives/1 is not an object" },
                { "{\"vsock\": {\"uds_path\": true}}", "/vsock/uds_path is not a string" },
                { "{\"network-interfaces\": {}}", "/network-interfaces is not an array" },
                { "{\"cpu-config\": \"a\\u0000b\"}", "/cpu-config has a NUL character" },
                { "{\"boot-source\": \"/k\"}", "/boot-source is not an object" },
                { "{\"boot-source\": {\"initrd_path\": 1}}", "/boot-source/initrd_path is not a string" },
                { "{\"drives\": [{\"path_on_host\": []}]}", "/drives/0/path_on_host is not a string" },
                { "{\"drives\": [{\"path_on_host\": \"/a\", \"drive_id\": 1}]}",
                  "/drives/0/drive_id is not a string" },
                { "{\"drives\": [{\"path_on_host\": \"/a\", \"is_read_only\": \"yes\"}]}",
                  "/drives/0/is_read_only is neither true nor false" },
                { "{\"drives\": [{\"path_on_host\": \"/a\", \"io_engine\": true}]}",
                  "/drives/0/io_engine is not a string" },
                { "{\"machine-config\": []}", "/machine-config is not an object" },
                { "{\"machine-config\": {\"huge_pages\": 2}}",
                  "/machine-config/huge_pages is not a string" },
                { "{\"machine-config\": {\"mem_size_mib\": \"128\"}}",
                  "/machine-config/mem_size_mib is not a number from 0 to 2147483647" },
                { "{\"machine-config\": {\"mem_size_mib\": 2147483648}}",
                  "/machine-config/mem_size_mib is not a number from 0 to 2147483647" },
                { "{\"memory-hotplug\": 1}", "/memory-hotplug is not an object" },
                { "{\"memory-hotplug\": {\"total_size_mib\": -1}}",
                  "/memory-hotplug/total_size_mib is not a number from 0 to 2147483647" },
                { "{\"drives\": [{\"path_on_host\": \"/a\\u0000b\"}]}",
                  "/drives/0/path_on_host has a NUL character" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                refuses_bytes(rows[i].text, strlen(rows[i].text), rows[i].want);
}

/* A text of brackets, that deep. */
static int read_deep(size_t depth)
{
        _cleanup_vmm_files_ VmmFiles f = {};
        _cleanup_free_ char *why = NULL;
        char text[600] = "{\"a\":";
        const size_t head = strlen(text);

        memset(text + head, '[', depth - 1);
        memset(text + head + depth - 1, ']', depth - 1);
        text[head + 2 * (depth - 1)] = '}';
        return vmm_files_read(text, strlen(text), &f, &why);
}

Test(vmm_files, bounds_depth_and_size)
{
        _cleanup_free_ char *large = malloc(VMM_CONFIG_SIZE_MAX + 1);

        cr_expect_eq(read_deep(127), 0);
        cr_expect_eq(read_deep(129), -EBADMSG);
        cr_assert_not_null(large);
        memset(large, ' ', VMM_CONFIG_SIZE_MAX + 1);
        refuses_bytes(large, VMM_CONFIG_SIZE_MAX + 1, "is larger than 1048576 bytes");
        large[0] = '{';
        large[1] = '}';
        _cleanup_vmm_files_ VmmFiles f = {};
        _cleanup_free_ char *why = NULL;
        cr_expect_eq(vmm_files_read(large, VMM_CONFIG_SIZE_MAX, &f, &why), 0);
}
