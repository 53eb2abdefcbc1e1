/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "convert.h"

static char *text, *why;

static void forget(void)
{
        free(text);
        free(why);
        text = why = NULL;
}

TestSuite(convert, .fini = forget);

static int convert(char *const *argv)
{
        _cleanup_jailer_args_ JailerArgs args = { .config = CONFIG_UNSET };
        size_t size;

        forget();
        FILE *f = open_memstream(&text, &size);
        cr_assert_not_null(f);
        int r = jailer_args_parse(argv, &args, &why);
        if (r >= 0)
                r = convert_jailer(&args, f, &why);
        (void) fclose(f);
        return r;
}

#define REQUIRED     "--id", "vm1", "--exec-file", "/usr/local/bin/firecracker", "--uid", "1", "--gid", "2"
#define CONVERT(...) convert((char *[]){ __VA_ARGS__, NULL })

Test(convert, the_least)
{
        cr_assert_eq(CONVERT(REQUIRED), 0);
        cr_expect_str_eq(
                text,
                "cat >/etc/fcjail/vm1.env <<'END'\n"
                "FCJAIL_UID=1\n"
                "FCJAIL_GID=2\n"
                "FCJAIL_NETNS=host\n"
                "# As with the jailer, somebody else makes the TAPs. fcjail makes them: FCJAIL_TAP=tap0\n"
                "FCJAIL_TAP=none\n"
                "END\n"
                "systemctl daemon-reload\n"
                "systemctl start fcjail@vm1\n");
}

static void has(const char *line)
{
        cr_expect(strstr(text, line), "'%s' is not in:\n%s", line, text);
}

Test(convert, cgroups_and_limits)
{
        cr_assert_eq(CONVERT(REQUIRED, "--cgroup", "cpuset.cpus=0-1", "--cgroup", "memory.max=max",
                             "--cgroup", "cpu.max=50000 100000", "--cgroup", "cpu.max=max 100000",
                             "--cgroup", "misc.max=1", "--parent-cgroup", "a/b", "--resource-limit",
                             "no-file=10", "--resource-limit", "fsize=20"),
                     0);
        has("\nAllowedCPUs=0-1\n");
        has("\nMemoryMax=infinity\n");
        has("\nCPUQuota=50%\n");
        has("\n# --cgroup cpu.max=max 100000: no directive");
        has("\n# --cgroup misc.max=1: no directive");
        has("\n# --parent-cgroup a/b: ");
        has("\nLimitNOFILE=10\nLimitFSIZE=20\n");
}

Test(convert, arguments_of_the_vmm)
{
        cr_assert_eq(CONVERT(REQUIRED, "--", "--boot-timer", "--level", "a b", "--api-sock", "api.sock",
                             "--config-file", "vm.json"),
                     0);
        has("\nFCJAIL_VMM_ARGS='--boot-timer --level \"a b\"'\n");
        has("\n# --api-sock api.sock: the socket of the API is always in /run\nFCJAIL_API=/run/api.sock\n");
        has("\nFCJAIL_CONFIG=/srv/jailer/firecracker/vm1/root/vm.json\n");
        cr_assert_eq(CONVERT(REQUIRED, "--", "--no-api", "--config-file", "/vm.json"), 0);
        has("\nFCJAIL_API=no\n");
        has("/root/vm.json\n");
}

Test(convert, another_name_has_another_jail)
{
        cr_assert_eq(CONVERT("--id", "vm1", "--exec-file", "/opt/fc-1.16", "--uid", "1", "--gid", "2",
                             "--chroot-base-dir", "/jails"),
                     0);
        has("# The jail is now /jails/firecracker/vm1/root; ");
        has("\nFCJAIL_VMM=/opt/fc-1.16\n");
        has("\nFCJAIL_CHROOT_DIR=/jails\n");
}

/* Nothing of it may end the text that a shell reads, or begin another line. */
Test(convert, what_cannot_be_said)
{
        cr_expect_eq(CONVERT(REQUIRED, "--", "a\nEND\nb"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--", "it's"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--", ""), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--", "--api-sock", "/run/a\nEND"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--", "--config-file", "a\nEND"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--cgroup", "a.b=c\nEND"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--cgroup", "a.b\nEND=c"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--parent-cgroup", "a\nEND"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--netns", "/a\nEND"), -EINVAL);
        cr_expect_eq(CONVERT(REQUIRED, "--netns", "a"), -EINVAL);
        cr_expect_eq(CONVERT("--id", "-x", "--exec-file", "/a", "--uid", "1", "--gid", "2"), -EINVAL);
        cr_expect_eq(CONVERT("--id", "x", "--exec-file", "/a\nEND", "--uid", "1", "--gid", "2"), -EINVAL);
}

static int metald(char *const *environment)
{
        size_t size;

        forget();
        FILE *f = open_memstream(&text, &size);
        cr_assert_not_null(f);
        int r = convert_metald(environment, f, &why);
        (void) fclose(f);
        return r;
}

Test(convert, metald)
{
        char *all[] = { (char *) "PATH=/bin",
                        (char *) "UNKEY_METALD_JAILER_UID=1000",
                        (char *) "UNKEY_METALD_JAILER_CHROOT_DIR=/jails",
                        (char *) "UNKEY_METALD_JAILER_BINARY=/usr/bin/jailer",
                        (char *) "UNKEY_METALD_FIRECRACKER_BINARY=/opt/fc",
                        (char *) "UNKEY_METALD_PORT=1",
                        NULL },
             *bad[] = { (char *) "UNKEY_METALD_JAILER_CHROOT_DIR=/a\nEND", NULL }, *none[] = { NULL };

        cr_assert_eq(metald(all), 0);
        has("\nFCJAIL_UID=1000\nFCJAIL_CHROOT_DIR=/jails\n");
        has("\n# UNKEY_METALD_JAILER_BINARY: fcjail is the jailer\nFCJAIL_VMM=/opt/fc\n");
        has("\n# UNKEY_METALD_PORT: fcjail has no such setting\n");
        has("\nFCJAIL_SHARED_UID=yes\nEND\n");
        cr_expect_eq(metald(bad), -EINVAL);
        cr_assert_eq(metald(none), 0);
        cr_expect_not(strstr(text, "SHARED"));
}
