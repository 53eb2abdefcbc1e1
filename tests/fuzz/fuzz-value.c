/* SPDX-License-Identifier: Apache-2.0 */

/* The values of keys: the first byte of the input chooses the key, the rest is the value. */

#include <inttypes.h>

#include "config-table.h"
#include "config.h"
#include "fuzz.h"
#include "text.h"

/* One TAP as it would be written. */
static void print_tap(FILE *f, const TapConfig *t)
{
        const uint8_t *m = t->mac.ether_addr_octet;
        char text[ADDRESS_STR_MAX];

        fputs(t->name, f);
        if (t->mtu > 0)
                fprintf(f, ",mtu=%u", t->mtu);
        if (t->has_mac)
                fprintf(f, ",mac=%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
        FOREACH_ARRAY (a, t->addresses, t->n_addresses)
                fprintf(f, ",address=%s", address_to_string(a, text));
        fputc(' ', f);
}

static void print_quoted(FILE *f, const char *word)
{
        fputc('"', f);
        for (const char *p = word; *p; p++) {
                if (*p == '"' || *p == '\\')
                        fputc('\\', f);
                fputc(*p, f);
        }
        fputc('"', f);
}

static void print_word(FILE *f, const char *word)
{
        print_quoted(f, word);
        fputc(' ', f);
}

/* One bind as it would be written. In quotes a colon separates nothing. */
static void print_bind(FILE *f, const BindConfig *b)
{
        print_quoted(f, b->source);
        fputc(':', f);
        print_quoted(f, b->destination);
        if (b->ids == BIND_IDS_NONE)
                fputs(":noidmap", f);
        else if (b->ids == BIND_IDS_UID)
                fprintf(f, ":idmap=%u", b->uid);
        else if (b->loop)
                fputs(":loop", f);
        if (b->shared)
                fputs(b->ids != BIND_IDS_OWNER || b->loop ? ",shared" : ":shared", f);
        fputc(' ', f);
}

static const char *tristate(Tristate t)
{
        return t == TRISTATE_YES ? "yes" : "no";
}

/* The canonical text of what the key has set, or nothing for those that keep their text. */
static void print_uplink(FILE *f, const UplinkConfig *u)
{
        char mac[MAC_STR_MAX], address[ADDRESS_STR_MAX];

        if (u->kind == UPLINK_NONE) {
                fputs("none", f);
                return;
        }
        fprintf(f, "%s%s", u->kind == UPLINK_BRIDGE ? "bridge=" : "route", u->bridge);
        if (u->mtu != 0)
                fprintf(f, ",mtu=%u", u->mtu);
        if (u->has_mac)
                fprintf(f, ",mac=%s", mac_to_string(&u->mac, mac));
        for (size_t i = 0; i < u->n_addresses; i++) {
                fprintf(f, ",address=%s", host_address_to_string(&u->addresses[i], address));
                if (u->prefix_lens[i] != 0)
                        fprintf(f, "/%u", u->prefix_lens[i]);
        }
        if (u->gateway[0])
                fprintf(f, ",gateway=%s", u->gateway);
        for (size_t i = 0; i < u->n_dns; i++)
                fprintf(f, ",dns=%s", u->dns[i]);
        if (u->vlan != 0)
                fprintf(f, ",vlan=%u", u->vlan);
        fprintf(f, "%s%s%s%s", u->isolated ? ",isolated" : "", u->neigh_suppress ? ",neigh_suppress" : "",
                u->no_learning ? ",learning=no" : "", u->no_antispoof ? ",antispoof=no" : "");
}

static void print_cni(FILE *f, const CniConfig *c)
{
        char mac[MAC_STR_MAX], address[ADDRESS_STR_MAX];

        fputs(c->network[0] ? c->network : "none", f);
        FOREACH_ARRAY (a, c->addresses, c->n_addresses)
                fprintf(f, ",ip=%s", address_to_string(a, address));
        if (c->has_mac)
                fprintf(f, ",mac=%s", mac_to_string(&c->mac, mac));
        FOREACH_ARRAY (p, c->ports, c->n_ports)
                fprintf(f, ",port=%u:%u/%s", p->host, p->guest, p->protocol);
        if (c->ingress != 0)
                fprintf(f, ",ingress=%" PRIu64, c->ingress);
        if (c->egress != 0)
                fprintf(f, ",egress=%" PRIu64, c->egress);
        if (c->no_antispoof)
                fputs(",antispoof=no", f);
}

static void print_value(FILE *f, const char *name, const Config *c)
{
        static const char *const stops[] = { "", "ctrl-alt-del", "kill" };
        static const char *const netns[] = { "", "private", "inherit", "host" };
        static const char *const seccomp[] = { "", "default", "io_uring", "off" };
        static const char *const mounts[] = { "", "no", "start", "live" };

        if (strcmp(name, "FCJAIL_ANY_ID") == 0)
                fputs(tristate(c->any_id), f);
        else if (strcmp(name, "FCJAIL_SHARED_UID") == 0)
                fputs(tristate(c->shared_uid), f);
        else if (strcmp(name, "FCJAIL_CONFIG_BIND") == 0)
                fputs(tristate(c->config_bind), f);
        else if (strncmp(name, "FCJAIL_BIND", strlen("FCJAIL_BIND")) == 0)
                FOREACH_ARRAY (b, c->binds, c->n_binds)
                        print_bind(f, b);
        else if (strcmp(name, "FCJAIL_KEEP") == 0)
                fputs(tristate(c->keep), f);
        else if (strcmp(name, "FCJAIL_JAILER_CLEANUP") == 0)
                fputs(tristate(c->jailer_cleanup), f);
        else if (strcmp(name, "FCJAIL_JAILER_ROOT") == 0)
                fputs(tristate(c->jailer_root), f);
        else if (strcmp(name, "FCJAIL_POOL_TEXTS") == 0)
                fprintf(f, "%u", c->pool_texts);
        else if (strcmp(name, "FCJAIL_JAILER_READ_ONLY") == 0)
                fputs(tristate(c->jailer_read_only), f);
        else if (strcmp(name, "FCJAIL_JAILER_MOUNTS") == 0)
                fputs(mounts[c->jailer_mounts], f);
        else if (strstr(name, "_UID_RANGE"))
                fprintf(f, "%u-%u", c->uid_range.first, c->uid_range.last);
        else if (strstr(name, "_UID"))
                fprintf(f, "%u", c->uid);
        else if (strstr(name, "_GID"))
                fprintf(f, "%u", c->gid);
        else if (strcmp(name, "FCJAIL_VMM_ARGS") == 0)
                for (char **a = c->vmm_args; *a; a++)
                        print_word(f, *a);
        else if (strcmp(name, "FCJAIL_VMM_TEXT") == 0)
                fputs(c->vmm_text == VMM_TEXT_SHARED    ? "shared"
                      : c->vmm_text == VMM_TEXT_PRIVATE ? "private"
                                                        : "recycled",
                      f);
        else if (strcmp(name, "FCJAIL_READY") == 0)
                fputs(c->ready == READY_API ? "api" : "exec", f);
        else if (strcmp(name, "FCJAIL_NETNS") == 0)
                fputs(c->netns == NETNS_PATH ? c->netns_path : netns[c->netns], f);
        else if (strcmp(name, "FCJAIL_SECCOMP") == 0)
                fputs(c->seccomp == SECCOMP_PATH ? c->seccomp_path : seccomp[c->seccomp], f);
        else if (strcmp(name, "FCJAIL_STOP") == 0) {
                fputs(stops[c->stop], f);
                if (c->stop_seconds > 0)
                        fprintf(f, ":%u", c->stop_seconds);
        } else if (strcmp(name, "FCJAIL_TAP") == 0) {
                if (c->n_taps == 0)
                        fputs("none", f);
                FOREACH_ARRAY (t, c->taps, c->n_taps)
                        print_tap(f, t);
        } else if (strcmp(name, "FCJAIL_UPLINK") == 0) {
                print_uplink(f, &c->uplink);
        } else if (strcmp(name, "FCJAIL_CNI") == 0) {
                print_cni(f, &c->cni);
        } else if (strcmp(name, "FCJAIL_GUEST_NETWORK") == 0) {
                fputs(c->guest_network == GUEST_NETWORK_BOOT_ARG ? "boot-arg" : "none", f);
        } else {
                const char *const texts[] = { c->chroot_dir, c->vmm,
                                              c->config,     c->api_off ? "no" : c->api,
                                              c->api_group,  c->apparmor,
                                              c->selinux };

                for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                        if (texts[i])
                                fputs(texts[i], f);
        }
}

static char *to_text(const char *name, const Config *c)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        CHECK(f);
        print_value(f, name, c);
        CHECK(fclose(f) == 0);
        return text;
}

static void check_config(const Config *c)
{
        CHECK(c->uid == UID_INVALID || vm_id_valid(c->uid));
        CHECK(c->gid == GID_INVALID || vm_id_valid(c->gid));
        CHECK(c->uid_range.first <= c->uid_range.last);
        CHECK(c->uid_range.first == 0 ||
              (vm_id_valid(c->uid_range.first) && vm_id_valid(c->uid_range.last)));
        CHECK(!c->chroot_dir || path_valid(c->chroot_dir));
        CHECK(!c->vmm || path_valid(c->vmm));
        CHECK(!c->netns_path || path_valid(c->netns_path));
        CHECK(!c->api ||
              (path_valid(c->api) && strncmp(c->api, "/run/", 5) == 0 && !strchr(c->api + 5, '/')));
        CHECK(c->stop_seconds <= STOP_SECONDS_MAX);
        FOREACH_ARRAY (b, c->binds, c->n_binds) {
                CHECK(path_valid(b->source) && path_valid(b->destination));
                CHECK(b->source[1] && b->destination[1]);
                CHECK((b->ids == BIND_IDS_UID) == (b->uid != 0) && (!b->uid || vm_id_valid(b->uid)));
                CHECK(!b->loop || b->ids == BIND_IDS_OWNER);
                CHECK(!b->shared || !b->read_only);
        }
        FOREACH_ARRAY (t, c->taps, c->n_taps) {
                CHECK(ifname_valid(t->name) && strcmp(t->name, "lo") != 0);
                for (const TapConfig *other = c->taps; other < t; other++)
                        CHECK(strcmp(other->name, t->name) != 0);
        }
}

static int parse(const ConfigKey *k, const char *value, Config *c, char **ret_why)
{
        return k->parse(value, (char *) c + k->offset, ret_why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_config_ Config c = CONFIG_UNSET, again = CONFIG_UNSET;
        _cleanup_free_ char *why = NULL;

        if (size == 0)
                return 0;
        const ConfigKey *k = &config_keys[data[0] % CONFIG_KEYS_MAX];
        _cleanup_free_ char *value = input_string(data + 1, size - 1);
        if (!utf8_valid(value))
                return 0; /* it does not come so far */

        int r = parse(k, value, &c, &why);
        CHECK(r == 0 || r == -EINVAL);
        if (r < 0) {
                static const Config nothing = CONFIG_UNSET;

                CHECK(memcmp(&c, &nothing, sizeof(c)) == 0);
                return 0;
        }
        CHECK(!why);
        check_config(&c);

        _cleanup_free_ char *text = to_text(k->name, &c);
        CHECK(parse(k, text, &again, &why) == 0);
        _cleanup_free_ char *text_again = to_text(k->name, &again);
        CHECK(strcmp(text, text_again) == 0);
        return 0;
}
