/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the guest has to know of its network: MAC, MTU, addresses, gateway, name servers. As shell assignments and as JSON, for
 * whoever makes the guest's boot arguments or fills its MMDS.
 *
 * Should:  ask the device for its MTU, which a later plugin may have changed, and which results up to version 1.0.0 lack.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "cni.h"
#include "fd-util.h"
#include "json-add.h"
#include "link.h"
#include "namespaces.h"
#include "parse.h"

/* The result of the plugins among them, each of which may write 1 MiB. */
#define FACTS_SIZE_MAX (4 * 1024 * 1024)

typedef struct Facts {
        char mac[MAC_STR_MAX];
        uint32_t mtu;
        struct json_object *addresses; /* ["10.0.0.2/24"] */
        struct json_object *dns;       /* ["10.0.0.1"] */
        char gateway[INET_ADDRSTRLEN], gateway6[INET6_ADDRSTRLEN];
} Facts;

static void facts_done(Facts *f)
{
        json_object_put(f->addresses);
        json_object_put(f->dns);
}

static struct json_object *member(struct json_object *o, const char *name)
{
        struct json_object *m = NULL;

        if (json_object_is_type(o, json_type_object))
                (void) json_object_object_get_ex(o, name, &m);
        return m;
}

static const char *text_of(struct json_object *o, const char *name)
{
        struct json_object *m = member(o, name);

        return json_object_is_type(m, json_type_string) ? json_object_get_string(m) : "";
}

static size_t length_of(struct json_object *array)
{
        return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

/* In the VM's namespace, for a moment. */
static int look_at_eth0(const CniAttachment *a, Facts *f)
{
        _cleanup_netlink_ Netlink nl = {};
        Link l;
        int r, k;

        _cleanup_close_ int home = netns_open_current();
        _cleanup_close_ int there = cni_pin_open(a->id);
        if (home < 0 || there < 0)
                return home < 0 ? home : there;
        r = netns_enter(there);
        if (r >= 0)
                r = netlink_open(&nl);
        k = netns_enter(home);
        if (r < 0 || k < 0)
                return r < 0 ? r : k;
        r = link_by_name(&nl, CNI_IFNAME, &l);
        if (r < 0)
                return r == -ENODEV ? -EBADMSG : r;
        (void) mac_to_string(&l.mac, f->mac);
        f->mtu = l.mtu;
        return 0;
}

/* The index of eth0 in "interfaces"; -1: it has none, so that all addresses are meant. */
static int find_interface(const CniAttachment *a)
{
        struct json_object *interfaces = member(a->result, "interfaces");

        for (size_t i = 0; i < length_of(interfaces); i++) {
                struct json_object *one = json_object_array_get_idx(interfaces, i);
                if (strcmp(text_of(one, "name"), CNI_IFNAME) == 0 &&
                    strcmp(text_of(one, "sandbox"), a->netns) == 0)
                        return (int) i;
        }
        return -1;
}

static void take_gateway(Facts *f, const char *gateway)
{
        InAddrPrefix a;

        if (parse_host_address(gateway, &a) < 0)
                return;
        if (a.family == AF_INET && !f->gateway[0])
                (void) snprintf(f->gateway, sizeof(f->gateway), "%s", gateway);
        if (a.family == AF_INET6 && !f->gateway6[0])
                (void) snprintf(f->gateway6, sizeof(f->gateway6), "%s", gateway);
}

static bool is_default(const char *destination)
{
        return strcmp(destination, "0.0.0.0/0") == 0 || strcmp(destination, "::/0") == 0;
}

/* Only what is an address: the files are read by a shell. */
static int take_addresses(const CniAttachment *a, Facts *f)
{
        struct json_object *ips = member(a->result, "ips"), *routes = member(a->result, "routes");
        const int eth0 = find_interface(a);
        InAddrPrefix address;
        int r = 0;

        for (size_t i = 0; i < length_of(routes); i++) {
                struct json_object *route = json_object_array_get_idx(routes, i);

                if (is_default(text_of(route, "dst")))
                        take_gateway(f, text_of(route, "gw"));
        }
        for (size_t i = 0; r >= 0 && i < length_of(ips); i++) {
                struct json_object *ip = json_object_array_get_idx(ips, i), *of = member(ip, "interface");

                if (of && eth0 >= 0 && json_object_get_int(of) != eth0)
                        continue;
                /* Without it the guest could send from any. */
                if (parse_address(text_of(ip, "address"), &address) < 0)
                        return -EADDRNOTAVAIL;
                r = add_value(f->addresses, json_object_new_string(text_of(ip, "address")));
                take_gateway(f, text_of(ip, "gateway"));
        }
        return r;
}

static int take_dns(const CniAttachment *a, Facts *f)
{
        struct json_object *servers = member(member(a->result, "dns"), "nameservers");
        InAddrPrefix address;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < length_of(servers); i++) {
                const char *server = json_object_get_string(json_object_array_get_idx(servers, i));
                if (server && parse_host_address(server, &address) >= 0)
                        r = add_value(f->dns, json_object_new_string(server));
        }
        return r;
}

static int find_facts(const CniAttachment *a, Facts *f)
{
        f->addresses = json_object_new_array();
        f->dns = json_object_new_array();
        if (!f->addresses || !f->dns)
                return -ENOMEM;
        return ALL(look_at_eth0(a, f), take_addresses(a, f), take_dns(a, f));
}

static void put_list(FILE *out, const char *name, struct json_object *list)
{
        fprintf(out, "%s=\"", name);
        for (size_t i = 0; i < length_of(list); i++)
                fprintf(out, "%s%s", i > 0 ? " " : "",
                        json_object_get_string(json_object_array_get_idx(list, i)));
        fputs("\"\n", out);
}

/* What does not fit, or is none, is an error of who reads the files. */
static int take_list(struct json_object *list, GuestNet *net)
{
        for (size_t i = 0; i < length_of(list); i++) {
                const char *text = json_object_get_string(json_object_array_get_idx(list, i));

                if (net->n_addresses == TAP_ADDRESSES_MAX)
                        return -E2BIG;
                if (!text || parse_address(text, &net->addresses[net->n_addresses]) < 0)
                        return -EBADMSG;
                net->n_addresses++;
        }
        return 0;
}

/* The first ones of IPv4. */
static void take_servers(struct json_object *list, GuestNet *net)
{
        InAddrPrefix a;

        for (size_t i = 0; i < length_of(list) && net->n_dns < GUEST_DNS_MAX; i++) {
                const char *text = json_object_get_string(json_object_array_get_idx(list, i));

                if (text && parse_host_address(text, &a) >= 0 && a.family == AF_INET)
                        (void) inet_ntop(AF_INET, &a.in, net->dns[net->n_dns++], INET_ADDRSTRLEN);
        }
}

static int take_guest_net(struct json_object *addresses, struct json_object *dns, const char *gateway,
                          GuestNet *net)
{
        InAddrPrefix a;

        if (parse_host_address(gateway, &a) >= 0 && a.family == AF_INET)
                (void) inet_ntop(AF_INET, &a.in, net->gateway, INET_ADDRSTRLEN);
        take_servers(dns, net);
        return take_list(addresses, net);
}

static void put_boot_argument(FILE *out, const Facts *f)
{
        char text[BOOT_ARGUMENT_MAX];
        GuestNet net = {};

        (void) !take_guest_net(f->addresses, f->dns, f->gateway, &net);
        if (guest_net_boot_argument(&net, 0, text))
                fprintf(out, "BOOT_ARG=\"%s\"\n", text);
}

static int write_file(int dir_fd, const char *id, const char *suffix, const char *text)
{
        char name[ID_LEN_MAX + 8];
        int r;

        (void) snprintf(name, sizeof(name), "%s%s", id, suffix);
        r = at_remove(dir_fd, name);
        return r < 0 ? r : at_write_file(dir_fd, name, 0644, text, strlen(text));
}

static int write_env(int dir_fd, const CniAttachment *a, const Facts *f)
{
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *out = open_memstream(&text, &size);
        if (!out)
                return -ENOMEM;
        fprintf(out, "INTERFACE=" CNI_IFNAME "\nNETNS=%s\nMAC=%s\nMTU=%" PRIu32 "\n", a->netns, f->mac,
                f->mtu);
        put_list(out, "ADDRESSES", f->addresses);
        fprintf(out, "GATEWAY=%s\nGATEWAY6=%s\n", f->gateway, f->gateway6);
        put_list(out, "DNS", f->dns);
        put_boot_argument(out, f);
        if (fclose(out) != 0)
                return -ENOMEM;
        return write_file(dir_fd, a->id, ".env", text);
}

static int write_json(int dir_fd, const CniAttachment *a, const Facts *f)
{
        struct json_object *o = json_object_new_object();
        const char *text = NULL;
        int r;

        r = ALL(o ? 0 : -ENOMEM, add_string(o, "interface", CNI_IFNAME), add_string(o, "netns", a->netns),
                add_string(o, "mac", f->mac), add_number(o, "mtu", f->mtu),
                add_member(o, "addresses", json_object_get(f->addresses)),
                add_string(o, "gateway", f->gateway[0] ? f->gateway : NULL),
                add_string(o, "gateway6", f->gateway6[0] ? f->gateway6 : NULL),
                add_member(o, "dns", json_object_get(f->dns)),
                add_member(o, "result", json_object_get(a->result)));
        if (r >= 0)
                text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
        r = r < 0 ? r : text ? write_file(dir_fd, a->id, ".json", text) : -ENOMEM;
        json_object_put(o);
        return r;
}

static int open_dir(void)
{
        _cleanup_close_ int run = chase_open("/run/fcjail", O_PATH | O_DIRECTORY, CHASE_MKDIR, NULL);

        return run < 0 ? run : at_make_dir(run, "net", 0755);
}

int cni_facts_write(const CniAttachment *a)
{
        _cleanup_(facts_done) Facts f = {};
        int r;

        r = find_facts(a, &f);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = open_dir();
        return fd < 0 ? fd : ALL(write_env(fd, a, &f), write_json(fd, a, &f));
}

int cni_facts_read(const char *id, GuestNet *ret)
{
        _cleanup_free_ char *text = NULL;
        char name[ID_LEN_MAX + 8];
        GuestNet net = {};
        int r;

        _cleanup_close_ int fd = chase_open(CNI_FACTS_DIR, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        (void) snprintf(name, sizeof(name), "%s.json", id);
        r = fd < 0 ? fd : at_read_file(fd, name, FACTS_SIZE_MAX, &text, NULL);
        if (r < 0)
                return r;
        struct json_object *o = json_tokener_parse(text);
        r = parse_mac(text_of(o, "mac"), &net.mac);
        r = r < 0 || !json_object_is_type(member(o, "addresses"), json_type_array)
                    ? -EBADMSG
                    : take_guest_net(member(o, "addresses"), member(o, "dns"), text_of(o, "gateway"), &net);
        json_object_put(o);
        if (r >= 0)
                *ret = net;
        return r;
}

int cni_facts_remove(const char *id)
{
        char name[ID_LEN_MAX + 8];
        int r, k;

        _cleanup_close_ int fd = open_dir();
        if (fd < 0)
                return fd;
        (void) snprintf(name, sizeof(name), "%s.env", id);
        r = at_remove(fd, name);
        (void) snprintf(name, sizeof(name), "%s.json", id);
        k = at_remove(fd, name);
        return r < 0 ? r : k;
}
