/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "jailer-args.h"

#define REQUIRED "--id", "vm1", "--exec-file", "/vmm", "--uid", "1", "--gid", "2"

static JailerArgs args;
static char *why;

static void forget(void)
{
        jailer_args_done(&args);
        free(why);
        why = NULL;
}

TestSuite(jailer_args, .fini = forget);

static int parse(char *const *argv)
{
        return jailer_args_parse(argv, &args, &why);
}

#define PARSE(...) parse((char *[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void refused(char *const *argv, const char *text)
{
        cr_expect_eq(parse(argv), -EINVAL, "%s", text);
        cr_assert_not_null(why);
        cr_expect(strstr(why, text), "'%s' is not in '%s'", text, why);
        free(why);
        why = NULL;
}

#define REFUSED(text, ...) refused((char *[]){ __VA_ARGS__ __VA_OPT__(, ) NULL }, text)

Test(jailer_args, what_is_required)
{
        const Config *c = &args.config;

        cr_assert_eq(PARSE("--id", "vm1", "--exec-file", "/vmm", "--uid", "+000", "--gid", "0"), 0);
        cr_expect(args.config.uid == 0 && args.config.gid == 0); /* for the plan to refuse */
        jailer_args_done(&args);
        cr_assert_eq(PARSE(REQUIRED), 0);
        cr_expect_eq(args.request, JAILER_START);
        cr_expect_str_eq(args.id, "vm1");
        cr_expect_str_eq(c->vmm, "/vmm");
        cr_expect_eq(c->uid, 1);
        cr_expect_eq(c->gid, 2);
        cr_expect_null(c->chroot_dir);
        cr_expect_eq(c->netns, NETNS_HOST);
        cr_expect_null(c->vmm_args);
        cr_expect(c->jailer.on && !c->jailer.daemonize && !c->jailer.new_pid_ns);
        cr_expect_eq(c->jailer.cgroup_version, 1);
        cr_expect_eq(c->jailer.no_file, 2048);
        cr_expect_not(c->jailer.has_fsize);
}

Test(jailer_args, everything_in_any_order)
{
        const JailerConfig *j = &args.config.jailer;

        cr_assert_eq(PARSE("--daemonize", "--cgroup", "cpuset.cpus=0-1", "--gid=2",
                           "--resource-limit=fsize=10", "--netns", "/n", "--cgroup=cpuset.mems=0", "--uid",
                           "+01", "--new-pid-ns", "--parent-cgroup", "a//./b/.", "--exec-file", "vmm",
                           "--chroot-base-dir", "jails", "--id", "-", "--cgroup-version", "2",
                           "--resource-limit", "no-file=3", "--", "--id", "x"),
                     0);
        cr_expect_str_eq(args.id, "-");
        cr_expect_str_eq(args.config.vmm, "vmm");
        cr_expect_str_eq(args.config.chroot_dir, "jails");
        cr_expect_eq(args.config.netns, NETNS_PATH);
        cr_expect_str_eq(args.config.netns_path, "/n");
        cr_expect_eq(args.config.uid, 1);
        cr_expect(j->daemonize && j->new_pid_ns && j->has_fsize);
        cr_expect_eq(j->fsize, 10);
        cr_expect_eq(j->no_file, 3);
        cr_expect_eq(j->cgroup_version, 2);
        cr_expect_str_eq(j->parent_cgroup, "a/b");
        cr_assert_eq(j->n_cgroups, 2);
        cr_expect_str_eq(j->cgroups[0].file, "cpuset.cpus");
        cr_expect_str_eq(j->cgroups[0].value, "0-1");
        cr_expect_str_eq(j->cgroups[1].file, "cpuset.mems");
        cr_assert_eq(strv_length(args.config.vmm_args), 2);
        cr_expect_str_eq(args.config.vmm_args[0], "--id");
}

Test(jailer_args, help_comes_first)
{
        cr_assert_eq(PARSE("--bogus", "-h"), 0);
        cr_expect_eq(args.request, JAILER_HELP);
        cr_assert_eq(PARSE("--uid", "--version", "--help"), 0);
        cr_expect_eq(args.request, JAILER_VERSION);
        cr_assert_eq(PARSE(REQUIRED, "--", "--help"), 0);
        cr_expect_eq(args.request, JAILER_START);
}

Test(jailer_args, what_is_wrong)
{
        REFUSED("--id is missing");
        REFUSED("--gid is missing", "--id", "a", "--exec-file", "b", "--uid", "1");
        REFUSED("--gid is missing", "--id", "a", "--exec-file", "b", "--uid", "1", "--", "--gid", "1");
        REFUSED("--id needs a value", "--id");
        REFUSED("--id needs a value", "--id", "--uid", "1");
        REFUSED("--uid is given more than once", REQUIRED, "--uid=1");
        REFUSED("--daemonize takes no value", "--daemonize=1");
        REFUSED("unknown option '--Uid'", "--Uid", "1");
        REFUSED("unknown option '--ui'", "--ui", "1");
        REFUSED("'-v' is not an option", "-v");
        REFUSED("--uid must be", "--uid", "1x");
        REFUSED("--uid must be", "--uid", "-1");
        REFUSED("--uid must be", "--uid", "");
        REFUSED("--uid must be", "--uid", "++1");
        REFUSED("--exec-file must be", "--exec-file", "");
        REFUSED("--cgroup must be", "--cgroup", ".a=1");
        REFUSED("--cgroup must be", "--cgroup", "a.=1");
        REFUSED("--cgroup must be", "--cgroup", "a/b.c=1");
        REFUSED("--parent-cgroup must be", "--parent-cgroup", "./a");
        REFUSED("--parent-cgroup must be", "--parent-cgroup", "..");
        REFUSED("--parent-cgroup must be", "--parent-cgroup", "");
        REFUSED("--parent-cgroup must be", "--parent-cgroup", "/a");
        REFUSED("--parent-cgroup must be", "--parent-cgroup", "a\nTREE=b");
        REFUSED("--resource-limit must be", "--resource-limit", "no-file");
        REFUSED("--resource-limit must be", "--resource-limit", "no-file=18446744073709551616");
}

Test(jailer_args, too_many_attributes)
{
        char *argv[2 * CGROUP_ATTRIBUTES_MAX + 3] = {};

        for (size_t i = 0; i <= CGROUP_ATTRIBUTES_MAX; i++) {
                argv[2 * i] = (char *) "--cgroup";
                argv[2 * i + 1] = (char *) "a.b=1";
        }
        refused(argv, "--cgroup is given more than 32 times");
}
