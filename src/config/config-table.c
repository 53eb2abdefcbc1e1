/* SPDX-License-Identifier: Apache-2.0 */

/* A key is a row here and a paragraph in fcjail.env(5); tests hold the two together. */

#include <stddef.h>
#include <string.h>

#include "config-table.h"
#include "config-value.h"
#include "slips.h"

#define MEMBER(m) offsetof(Config, m)
#define WHOLE     0 /* the reader gets the Config */

#define TAKES_ID "a number from 1 to 4294967293"
#define TAKES_BINDS                                                                                         \
        "source[:destination[:options]] for each bind, with blanks between them, quoted as in ExecStart="
#define TAKES_PATH "an absolute path without '//', '.', '..' or a '/' at its end"

/* A table is read by its columns. */
/* clang-format off */
const ConfigKey config_keys[] = {
        { "FCJAIL_ANY_ID",      config_parse_tristate,  MEMBER(any_id),     "yes or no",
          .default_only = true },
        { "FCJAIL_UID",         config_parse_vm_id,     MEMBER(uid),        TAKES_ID },
        { "FCJAIL_GID",         config_parse_vm_id,     MEMBER(gid),        TAKES_ID },
        { "FCJAIL_UID_RANGE",   config_parse_uid_range, MEMBER(uid_range),
          "first-last, two numbers from 1 to 4294967293" },
        { "FCJAIL_SHARED_UID",  config_parse_tristate,  MEMBER(shared_uid), "yes or no" },
        { "FCJAIL_CHROOT_DIR",  config_parse_path,      MEMBER(chroot_dir), TAKES_PATH },
        { "FCJAIL_VMM",         config_parse_path,      MEMBER(vmm),        TAKES_PATH },
        { "FCJAIL_VMM_ARGS",    config_parse_vmm_args,  MEMBER(vmm_args),
          "arguments of the VMM, quoted as in ExecStart=" },
        { "FCJAIL_VMM_TEXT",    config_parse_vmm_text,  MEMBER(vmm_text),   "recycled, private or shared",
          .by_jailer = true },
        { "FCJAIL_CONFIG",      config_parse_path,      MEMBER(config),     TAKES_PATH },
        { "FCJAIL_CONFIG_BIND", config_parse_tristate,  MEMBER(config_bind), "yes or no" },
        { "FCJAIL_BIND",        config_parse_bind,      WHOLE,              TAKES_BINDS },
        { "FCJAIL_BIND_RO",     config_parse_bind_ro,   WHOLE,              TAKES_BINDS },
        { "FCJAIL_API",         config_parse_api,       WHOLE,
          "/run/<file name>, a path in the jail, or no" },
        { "FCJAIL_API_GROUP",   config_parse_group,     MEMBER(api_group),  "the name of a group",
          .by_jailer = true },
        { "FCJAIL_READY",       config_parse_ready,     MEMBER(ready),      "api or exec" },
        { "FCJAIL_NETNS",       config_parse_netns,     WHOLE,
          "private, inherit, host, a name under /run/netns or an absolute path" },
        { "FCJAIL_TAP",         config_parse_tap,       WHOLE,
          "name[,option=…] for each TAP, with blanks between them, or none",
          .by_jailer = true },
        { "FCJAIL_UPLINK",      config_parse_uplink,    WHOLE,
          "bridge=NAME[,option…], route,address=ADDRESS[,option…] or none" },
        { "FCJAIL_CNI",         config_parse_cni,       WHOLE,
          "the name of a network[,option=…] or none" },
        { "FCJAIL_GUEST_NETWORK", config_parse_guest_network, MEMBER(guest_network), "boot-arg or none" },
        { "FCJAIL_STOP",        config_parse_stop,      WHOLE,
          "ctrl-alt-del, ctrl-alt-del:<1 to 600 seconds> or kill" },
        { "FCJAIL_KEEP",        config_parse_tristate,  MEMBER(keep),       "yes or no" },
        { "FCJAIL_SECCOMP",     config_parse_seccomp,   WHOLE,
          "default, io_uring, off or the absolute path of a compiled filter",
          .by_jailer = true },
        { "FCJAIL_APPARMOR",    config_parse_label,     MEMBER(apparmor),   "the name of a profile",
          .by_jailer = true },
        { "FCJAIL_SELINUX",     config_parse_selinux,   MEMBER(selinux),
          "a label, user:role:type:level",
          .by_jailer = true },
        { "FCJAIL_JAILER_CLEANUP", config_parse_tristate, MEMBER(jailer_cleanup), "yes or no",
          .by_jailer = true, .only_by_jailer = true },
        { "FCJAIL_JAILER_MOUNTS", config_parse_jailer_mounts, MEMBER(jailer_mounts), "no, start or live",
          .by_jailer = true, .only_by_jailer = true },
        { "FCJAIL_JAILER_READ_ONLY", config_parse_tristate, MEMBER(jailer_read_only), "yes or no",
          .by_jailer = true, .only_by_jailer = true },
        { "FCJAIL_JAILER_ROOT", config_parse_tristate, MEMBER(jailer_root), "yes or no",
          .by_jailer = true, .only_by_jailer = true },
        { "FCJAIL_POOL_TEXTS",  config_parse_pool_texts, MEMBER(pool_texts), "a number from 1 to 32",
          .default_only = true },

        { "UNKEY_METALD_JAILER_UID",        config_parse_vm_id, MEMBER(uid),        TAKES_ID,
          .alias_of = "FCJAIL_UID" },
        { "UNKEY_METALD_JAILER_GID",        config_parse_vm_id, MEMBER(gid),        TAKES_ID,
          .alias_of = "FCJAIL_GID" },
        { "UNKEY_METALD_JAILER_CHROOT_DIR", config_parse_path,  MEMBER(chroot_dir), TAKES_PATH,
          .alias_of = "FCJAIL_CHROOT_DIR" },
};
/* clang-format on */
_Static_assert(ELEMENTSOF(config_keys) == CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX");

bool config_key_is_ours(const char *name)
{
        return strncmp(name, "FCJAIL_", strlen("FCJAIL_")) == 0 ||
               strncmp(name, "UNKEY_METALD_", strlen("UNKEY_METALD_")) == 0;
}

const ConfigKey *config_key_find(const char *name)
{
        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX)
                if (strcmp(k->name, name) == 0)
                        return k;

        return NULL;
}

const ConfigKey *config_key_guess(const char *name)
{
        const ConfigKey *guess = NULL;
        size_t least = SLIPS_MAX + 1;

        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX) {
                size_t n = slips(name, k->name);

                /* Two slips in a word of three letters make another word. */
                if (n < least && (n == 1 || strlen(k->name) > sizeof("FCJAIL_") + 3)) {
                        least = n;
                        guess = k;
                }
        }

        return guess;
}
