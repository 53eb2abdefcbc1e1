/* SPDX-License-Identifier: Apache-2.0 */

/* Before anything is made: what is wrong with the configuration ends a start without a trace. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cni.h"
#include "guest-look.h"
#include "parse.h"
#include "plan-net.h"
#include "vmm-edit.h"

#define KEY    "FCJAIL_GUEST_NETWORK="
#define REMEDY "mend it, or unset FCJAIL_GUEST_NETWORK="

static const char *find_tap(const Plan *p)
{
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                if (strcmp(t->redirect, UPLINK_PEER) == 0)
                        return t->name;
        return "";
}

#define INTERFACES "/network-interfaces/"

/* The guest numbers its interfaces as the configuration does: "/network-interfaces/0/host_dev_name". */
static unsigned number_of(const VmmFiles *files, const char *tap)
{
        uint32_t n = 0;

        FOREACH_ARRAY (f, files->items, files->n_items) {
                char digits[16];

                if (f->access != VMM_ATTACHES || strcmp(f->path, tap) != 0 ||
                    strncmp(f->pointer, INTERFACES, strlen(INTERFACES)) != 0)
                        continue;
                const char *number = f->pointer + strlen(INTERFACES);
                (void) snprintf(digits, sizeof(digits), "%.*s", (int) strcspn(number, "/"), number);
                if (parse_u32(digits, 0, UINT16_MAX, &n) >= 0)
                        return n;
        }
        return 0;
}

/* `check` does not know yet what the plugins of CNI will say, and looks at the configuration all the same. */
static void find_net(const Plan *p, const HostObjects *o, GuestNet *ret)
{
        if (p->uplink.kind != UPLINK_NONE)
                plan_guest_net(p, ret);
        else
                *ret = o->guest_net;
        if (p->cni_guest_mac)
                ret->mac = p->cni.mac;
        if (o->by_check && ret->n_addresses == 0)
                ret->addresses[ret->n_addresses++] = (InAddrPrefix){ .family = AF_INET, .prefix_len = 24 };
}

/* cni_facts_open() has said why. */
static bool is_unknown(const Plan *p, const HostObjects *o)
{
        static const struct ether_addr none;

        return p->uplink.kind == UPLINK_NONE && !o->by_check &&
               memcmp(&o->guest_net.mac, &none, sizeof(none)) == 0;
}

/* Of CNI: what the plugins have said. That of an uplink was looked at with the settings. */
static int check_net(const GuestNet *net, Findings *f)
{
        char text[ADDRESS_STR_MAX];
        const InAddrPrefix *a = guest_net_in4(net);

        if (!a)
                return findings_add(
                        f, SEVERITY_ERROR, -EADDRNOTAVAIL, EX_CONFIG, KEY,
                        "let a plugin give it one, or unset it",
                        "is boot-arg, but the network of FCJAIL_CNI= has no address of IPv4 for the guest");
        if (!guest_net_fits_linux(net))
                return findings_add(
                        f, SEVERITY_ERROR, -EADDRNOTAVAIL, EX_CONFIG, KEY,
                        "unset it, and tell the guest in another way what is in " CNI_FACTS_DIR,
                        "is boot-arg, but Linux does not take the address %s with the gateway %s of FCJAIL_CNI= from ip=",
                        address_to_string(a, text), net->gateway[0] ? net->gateway : "(none)");
        return 0;
}

int guest_network_add(const Plan *p, HostObjects *o, Findings *f)
{
        _cleanup_free_ char *text = NULL, *why = NULL;
        char argument[BOOT_ARGUMENT_MAX], mac[MAC_STR_MAX];
        const char *tap = find_tap(p);
        bool has_mac;
        GuestNet net;
        int r;

        if (!p->guest_boot_arg || !o->config || is_unknown(p, o))
                return 0;
        find_net(p, o, &net);
        /* Without antispoofing the guest of an uplink may choose one. */
        has_mac = p->uplink.kind == UPLINK_NONE || p->uplink.has_mac;
        r = check_net(&net, f);
        if (r < 0)
                return r;
        (void) guest_net_boot_argument(&net, number_of(&o->vmm_files, tap), argument);
        r = vmm_edit_network(o->config, tap, has_mac ? mac_to_string(&net.mac, mac) : NULL, argument, &text,
                             &why);
        if (r == -EBADMSG)
                return findings_add(f, SEVERITY_ERROR, r, EX_CONFIG, p->config, REMEDY, "%s", why);
        if (r < 0)
                return r;
        free(o->config);
        o->config = TAKE_PTR(text);
        o->config_size = strlen(o->config);
        return 0;
}
