/* SPDX-License-Identifier: Apache-2.0 */

/* The plan for programs: the same facts as in plan-dump.c. A member that says nothing is left out. */

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "json-add.h"
#include "plan.h"

static int add_id(struct json_object *o, const char *name, uint32_t id)
{
        return id != UID_INVALID ? add_member(o, name, json_object_new_int64(id)) : 0;
}

static int add_nodes(struct json_object *o, const Plan *p)
{
        struct json_object *array = json_object_new_array();
        int r;

        r = add_member(o, "nodes", array);
        FOREACH_ARRAY (n, p->nodes, p->n_nodes) {
                struct json_object *node = r >= 0 ? json_object_new_object() : NULL;
                char path[64], mode[8];

                if (r < 0 || add_value(array, node) < 0)
                        return -ENOMEM;
                (void) snprintf(path, sizeof(path), "/dev/%s", n->path);
                (void) snprintf(mode, sizeof(mode), "%04o", n->mode & 07777);
                r = ALL(add_string(node, "path", path),
                        add_member(node, "major", json_object_new_int64(major(n->rdev))),
                        add_member(node, "minor", json_object_new_int64(minor(n->rdev))),
                        add_string(node, "mode", mode));
        }
        return r;
}

static int add_mounts(struct json_object *o, const Plan *p)
{
        struct json_object *array = json_object_new_array();
        char path[NAME_MAX + 2], flags[MOUNT_FLAGS_TEXT_MAX];
        int r;

        r = add_member(o, "mounts", array);
        FOREACH_ARRAY (m, p->mounts, p->n_mounts) {
                struct json_object *mount = r >= 0 ? json_object_new_object() : NULL;

                if (r < 0 || add_value(array, mount) < 0)
                        return -ENOMEM;
                r = ALL(m->source == MOUNT_DISKS ? add_bool(mount, "disks", true)
                                                 : add_string(mount, "path", plan_mount_text(m, path)),
                        add_string(mount, "options", plan_mount_flags(m, flags)));
        }
        return r;
}

/* The names with ", " between them, as an array. */
static int add_names(struct json_object *o, const char *name, const char *names)
{
        struct json_object *array = json_object_new_array();
        int r;

        r = add_member(o, name, array);
        for (const char *p = names; r >= 0 && *p;) {
                const size_t n = strcspn(p, ",");

                r = add_value(array, json_object_new_string_len(p, (int) n));
                p += n + strspn(p + n, ", ");
        }
        return r;
}

static int add_device(struct json_object *o, const BindPlan *b)
{
        if (b->found != BIND_FOUND_DEVICE)
                return 0;
        return ALL(add_member(o, "major", json_object_new_int64(major(b->rdev))),
                   add_member(o, "minor", json_object_new_int64(minor(b->rdev))));
}

static int add_bind(struct json_object *o, const BindPlan *b)
{
        static const char *const ids[] = {
                [BIND_IDS_OWNER] = "owner",
                [BIND_IDS_UID] = "uid",
                [BIND_IDS_NONE] = "unchanged",
        };
        static const char *const found[] = {
                [BIND_FOUND_DEVICE] = "device",
                [BIND_FOUND_MISSING] = "missing",
                [BIND_FOUND_IN_ROOT] = "in root/",
        };
        char path[PATH_MAX + 1];

        (void) snprintf(path, sizeof(path), "/%s", b->path);
        return ALL(add_string(o, "source", b->source), add_string(o, "destination", path),
                   add_bool(o, "read_only", b->read_only),
                   add_string(o, "ids", b->loop ? NULL : ids[b->ids]),
                   b->ids == BIND_IDS_UID ? add_id(o, "uid", b->uid) : 0, add_bool(o, "loop", b->loop),
                   add_bool(o, "shared", b->shared), add_names(o, "named_by", b->named_by),
                   add_string(o, "found", found[b->found]), add_device(o, b));
}

static int add_binds(struct json_object *o, const Plan *p)
{
        struct json_object *array = json_object_new_array();
        int r;

        r = add_member(o, "binds", array);
        FOREACH_ARRAY (b, p->binds, p->n_binds) {
                struct json_object *bind = r >= 0 ? json_object_new_object() : NULL;

                if (r < 0 || add_value(array, bind) < 0)
                        return -ENOMEM;
                r = add_bind(bind, b);
        }
        return r;
}

typedef const char *(*AddressText)(const InAddrPrefix *a, char buf[ADDRESS_STR_MAX]);

static int add_addresses(struct json_object *o, const char *name, const InAddrPrefix *addresses, size_t n,
                         AddressText to_text)
{
        struct json_object *array = json_object_new_array();
        char text[ADDRESS_STR_MAX];
        int r;

        r = add_member(o, name, array);
        FOREACH_ARRAY (a, addresses, n)
                if (r >= 0)
                        r = add_value(array, json_object_new_string(to_text(a, text)));
        return r;
}

static int add_taps(struct json_object *o, const Plan *p)
{
        struct json_object *array = json_object_new_array();
        int r;

        r = add_member(o, "taps", array);
        FOREACH_ARRAY (t, p->taps, p->n_taps) {
                struct json_object *tap = r >= 0 ? json_object_new_object() : NULL;
                char mac[MAC_STR_MAX];

                if (r < 0 || add_value(array, tap) < 0)
                        return -ENOMEM;
                r = ALL(add_string(tap, "name", t->name), add_number(tap, "mtu", t->mtu),
                        add_string(tap, "mac", t->has_mac ? mac_to_string(&t->mac, mac) : NULL),
                        add_number(tap, "txqueuelen", t->txqueuelen),
                        add_string(tap, "bridge", t->bridge[0] ? t->bridge : NULL),
                        add_string(tap, "redirect", t->redirect[0] ? t->redirect : NULL),
                        add_addresses(tap, "addresses", t->addresses, t->n_addresses, address_to_string));
        }
        return r;
}

static int add_ports(struct json_object *cni, const CniConfig *c)
{
        struct json_object *array = json_object_new_array();
        int r = add_member(cni, "ports", array);

        FOREACH_ARRAY (p, c->ports, c->n_ports) {
                struct json_object *port = r >= 0 ? json_object_new_object() : NULL;

                if (r < 0 || add_value(array, port) < 0)
                        return -ENOMEM;
                r = ALL(add_number(port, "host", p->host), add_number(port, "guest", p->guest),
                        add_string(port, "protocol", p->protocol));
        }
        return r;
}

static int add_rate(struct json_object *cni, const char *name, uint64_t rate)
{
        return rate != 0 ? add_member(cni, name, json_object_new_int64((int64_t) rate)) : 0;
}

static int add_cni(struct json_object *o, const CniConfig *c)
{
        char mac[MAC_STR_MAX];

        if (!c->network[0])
                return 0;
        struct json_object *cni = json_object_new_object();
        return ALL(add_member(o, "cni", cni), add_string(cni, "network", c->network),
                   add_addresses(cni, "addresses", c->addresses, c->n_addresses, address_to_string),
                   add_string(cni, "mac", c->has_mac ? mac_to_string(&c->mac, mac) : NULL),
                   add_ports(cni, c), add_rate(cni, "ingress", c->ingress),
                   add_rate(cni, "egress", c->egress), add_bool(cni, "antispoof", !c->no_antispoof));
}

/* With the prefix length that was set. */
static int add_uplink_addresses(struct json_object *uplink, const UplinkConfig *u)
{
        struct json_object *array = json_object_new_array();
        char text[ADDRESS_STR_MAX];
        int r = add_member(uplink, "addresses", array);

        for (size_t i = 0; r >= 0 && i < u->n_addresses; i++) {
                InAddrPrefix a = u->addresses[i];

                if (u->prefix_lens[i] != 0)
                        a.prefix_len = u->prefix_lens[i];
                r = add_value(array, json_object_new_string(u->prefix_lens[i] != 0
                                                                    ? address_to_string(&a, text)
                                                                    : host_address_to_string(&a, text)));
        }
        return r;
}

static int add_dns(struct json_object *uplink, const UplinkConfig *u)
{
        struct json_object *array = json_object_new_array();
        int r = add_member(uplink, "dns", array);

        for (size_t i = 0; r >= 0 && i < u->n_dns; i++)
                r = add_value(array, json_object_new_string(u->dns[i]));
        return r;
}

static int add_uplink(struct json_object *o, const Plan *p)
{
        const UplinkConfig *u = &p->uplink;
        char mac[MAC_STR_MAX];

        if (u->kind == UPLINK_NONE)
                return 0;
        struct json_object *uplink = json_object_new_object();
        return ALL(add_member(o, "uplink", uplink), add_string(uplink, "name", UPLINK_PEER),
                   add_string(uplink, "host_name", p->uplink_name),
                   add_string(uplink, "host_altname", p->uplink_altname),
                   add_string(uplink, "bridge", u->bridge[0] ? u->bridge : NULL),
                   add_number(uplink, "mtu", u->mtu),
                   add_string(uplink, "mac", u->has_mac ? mac_to_string(&u->mac, mac) : NULL),
                   add_uplink_addresses(uplink, u),
                   add_string(uplink, "gateway", u->gateway[0] ? u->gateway : NULL), add_dns(uplink, u),
                   add_addresses(uplink, "gateways", p->gateways, p->n_gateways, host_address_to_string),
                   add_number(uplink, "vlan", u->vlan), add_bool(uplink, "isolated", u->isolated),
                   add_bool(uplink, "neigh_suppress", u->neigh_suppress),
                   add_bool(uplink, "learning", !u->no_learning),
                   add_bool(uplink, "antispoof", !u->no_antispoof));
}

static int add_argv(struct json_object *o, const Plan *p)
{
        struct json_object *array = json_object_new_array();
        _cleanup_strv_ char **argv = NULL;
        int r;

        r = add_member(o, "argv", array);
        if (r >= 0)
                r = plan_argv(p, &(VmmTimes){}, &argv);
        for (char **a = argv; r >= 0 && a && *a; a++)
                r = add_value(array, json_object_new_string(*a));
        return r;
}

static int add_namespaces(struct json_object *o, const Plan *p)
{
        struct json_object *array = json_object_new_array();
        const char *name;
        int r;

        r = add_member(o, "namespaces", array);
        for (size_t i = 0; r >= 0 && (name = plan_next_namespace(p, &i));)
                r = add_value(array, json_object_new_string(name));
        return r;
}

/* {"file": value, …} in their order. */
static int add_cgroup(struct json_object *o, const CgroupPlan *c)
{
        struct json_object *cgroup = json_object_new_object(), *files = json_object_new_object();
        int r = ALL(add_member(o, "cgroup", cgroup), add_member(cgroup, "attributes", files));

        if (r >= 0)
                r = ALL(add_number(cgroup, "version", c->version), add_string(cgroup, "parent", c->parent));
        FOREACH_ARRAY (a, c->attributes, c->n_attributes)
                if (r >= 0)
                        r = add_string(files, a->file, a->value);
        return r;
}

static int add_jailer(struct json_object *o, const Plan *p)
{
        struct json_object *jailer = json_object_new_object(), *limits = json_object_new_object();
        int r = ALL(add_member(o, "jailer", jailer), add_member(jailer, "limits", limits));

        FOREACH_ARRAY (l, p->limits, p->n_limits)
                if (r >= 0)
                        r = add_u64(limits, l->name, l->value);
        if (r >= 0 && p->cgroup.version != 0)
                r = add_cgroup(jailer, &p->cgroup);
        return r < 0 ? r
                     : ALL(add_bool(jailer, "vm_owns_root", p->vm_owns_root),
                           add_string(jailer, "mounts",
                                      p->mounts_live    ? "live"
                                      : p->takes_mounts ? "start"
                                                        : "no"),
                           add_bool(jailer, "caller_becomes_vmm", p->starter_becomes_vmm),
                           add_bool(jailer, "stdio_is_null", p->stdio_is_null),
                           add_string(jailer, "pid_file", p->pid_file),
                           add_bool(jailer, "cleanup", p->watched));
}

int plan_json(const Plan *p, struct json_object *o)
{
        const Layout layout = plan_layout(p);
        char range[32], jail[PATH_MAX], sock[PATH_MAX];

        (void) snprintf(range, sizeof(range), "%u-%u", p->uid_range.first, p->uid_range.last);
        (void) layout_path(&layout, LAYOUT_ROOT, "", jail);
        return ALL(add_string(o, "vm", p->id), add_id(o, "uid", p->uid),
                   add_string(o, "uid_range", p->uid == UID_INVALID && !p->uid_later ? range : NULL),
                   p->uid_later ? add_bool(o, "uid_by_systemd", true) : 0, add_id(o, "gid", p->gid),
                   add_bool(o, "uid_shared", p->uid_shared), add_string(o, "jail", jail),
                   add_string(o, "sock", layout_sock(&layout, "", sock)), add_string(o, "vmm", p->vmm),
                   add_string(o, "vmm_text", plan_vmm_text(p)), add_string(o, "config", p->config),
                   p->config ? add_bool(o, "config_bind", p->config_bind) : 0, add_nodes(o, p),
                   add_mounts(o, p), add_binds(o, p), add_string(o, "netns", plan_netns_text(p)),
                   add_namespaces(o, p), add_taps(o, p), add_cni(o, &p->cni), add_uplink(o, p),
                   p->guest_boot_arg ? add_string(o, "guest_network", "boot-arg") : 0,
                   add_string(o, "seccomp", plan_seccomp_text(p)), add_string(o, "apparmor", p->apparmor),
                   add_string(o, "selinux", p->selinux), add_string(o, "api", p->api),
                   add_string(o, "ready", p->ready == READY_API ? "api" : "exec"),
                   add_number(o, "stop_seconds", p->stop_seconds), add_bool(o, "keep", p->keep),
                   p->starter_leaves ? add_jailer(o, p) : 0, add_argv(o, p));
}
