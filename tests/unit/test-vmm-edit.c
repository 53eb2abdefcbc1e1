/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "vmm-edit.h"

#define MAC "06:00:ac:10:00:02"
#define ARG "ip=192.0.2.2::192.0.2.1:255.255.255.0::eth0:off"

/* Of the TAP, with or without a MAC. */
#define NETS(mac) "\"network-interfaces\":[{\"host_dev_name\":\"tap1\"},{\"host_dev_name\":\"tap0\"" mac "}]"
#define BARE      NETS("")
#define BOOT(a)   "\"boot-source\":{\"boot_args\":" a "}"

static void becomes(const char *text, const char *mac, const char *expected)
{
        _cleanup_free_ char *got = NULL, *why = NULL;

        cr_assert_eq(vmm_edit_network(text, "tap0", mac, ARG, &got, &why), 0, "%s: %s", text, why);
        cr_expect_str_eq(got, expected);
}

static void refused(const char *text, const char *expected)
{
        _cleanup_free_ char *got = NULL, *why = NULL;

        cr_assert_eq(vmm_edit_network(text, "tap0", MAC, ARG, &got, &why), -EBADMSG, "%s", text);
        cr_expect_null(got);
        cr_expect_str_eq(why, expected);
}

Test(vmm_edit, puts_the_argument_before_all_others)
{
        becomes("{" BOOT("\"quiet zip=2 -- init\"") "," BARE "}", NULL,
                "{" BOOT("\"" ARG " quiet zip=2 -- init\"") "," BARE "}");
        becomes("{" BOOT("\"\"") "," BARE "}", NULL, "{" BOOT("\"" ARG "\"") "," BARE "}");
}

Test(vmm_edit, gives_the_interface_a_mac_that_has_none)
{
        becomes("{" BOOT("\"\"") "," BARE "}", MAC,
                "{" BOOT("\"" ARG "\"") "," NETS(",\"guest_mac\":\"" MAC "\"") "}");
        becomes("{" BOOT("\"\"") "," NETS(",\"guest_mac\":\"x\"") "}", MAC,
                "{" BOOT("\"" ARG "\"") "," NETS(",\"guest_mac\":\"x\"") "}");
        becomes("{" BOOT("\"\"") "," NETS(",\"guest_mac\":null") "}", MAC,
                "{" BOOT("\"" ARG "\"") "," NETS(",\"guest_mac\":\"" MAC "\"") "}");
}

Test(vmm_edit, keeps_the_rest)
{
        becomes("{ " BOOT("\"\"") ",\n" BARE ", \"x\": [18446744073709551615, -1, 1e5, 0.10, true, null, "
                                  "\"a/\\u00e4\\ud83d\\ude00\\u0001\\\"\"] }",
                NULL,
                "{" BOOT("\"" ARG "\"") "," BARE ",\"x\":[18446744073709551615,-1,1e5,0.10,true,null,"
                                        "\"a/\u00e4\U0001f600\\u0001\\\"\"]}");
}

Test(vmm_edit, firecracker_takes_no_more)
{
        _cleanup_free_ char *got = NULL, *why = NULL;
        const int rest = 2047 - (int) strlen(ARG " ");
        char text[3000];

        (void) snprintf(text, sizeof(text), "{" BOOT("\"%0*d\"") "," BARE "}", rest, 0);
        cr_expect_eq(vmm_edit_network(text, "tap0", MAC, ARG, &got, &why), 0);
        (void) snprintf(text, sizeof(text), "{" BOOT("\"%0*d\"") "," BARE "}", rest + 1, 0);
        refused(text, "would have more than 2047 bytes in /boot-source/boot_args with '" ARG "'");
}

Test(vmm_edit, says_what_is_missing)
{
        refused("{" BARE "}", "has no /boot-source/boot_args, to which ip= could be added");
        refused("{" BOOT("null") "," BARE "}", "has no /boot-source/boot_args, to which ip= could be added");
        refused("{" BOOT("\"quiet ip=dhcp\"") "," BARE "}", "already has ip= in /boot-source/boot_args");
        refused("{" BOOT("\"ip=dhcp\"") "," BARE "}", "already has ip= in /boot-source/boot_args");
        refused("{" BOOT("\"quiet \\\"ip=dhcp\\\"\"") "," BARE "}",
                "already has ip= in /boot-source/boot_args");
        refused("{" BOOT("\"nfsaddrs=dhcp\"") "," BARE "}", "already has ip= in /boot-source/boot_args");
        refused("{" BOOT("\"a\\u0000b\"") "," BARE "}", "has a NUL in /boot-source/boot_args");
        refused("{" BOOT("\"\"") "}",
                "has no interface with the \"host_dev_name\" tap0 in /network-interfaces");
}
