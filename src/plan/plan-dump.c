/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan as a person reads it and as golden tests compare it: stable order, one line per fact, nothing of
 * the moment (times, pids) in it.
 */

#include <inttypes.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "plan.h"

static void dump_identity(FILE *f, const Plan *p)
{
        fprintf(f, "vm: %s\n", p->id);
        if (p->uid != UID_INVALID)
                fprintf(f, "uid: %u%s\n", p->uid, p->uid_shared ? " (shared)" : "");
        else if (p->uid_later)
                fprintf(f, "uid: chosen by systemd%s\n", p->uid_shared ? " (shared)" : "");
        else
                fprintf(f, "uid: a free one of %u-%u\n", p->uid_range.first, p->uid_range.last);
        if (p->gid != GID_INVALID)
                fprintf(f, "gid: %u\n", p->gid);
        else
                fprintf(f, "gid: as the uid\n");
}

const char *plan_vmm_text(const Plan *p)
{
        static const char *const words[] = {
                [VMM_TEXT_RECYCLED] = "recycled",
                [VMM_TEXT_PRIVATE] = "private",
                [VMM_TEXT_SHARED] = "shared",
        };

        return words[p->vmm_text];
}

static void dump_jail(FILE *f, const Plan *p)
{
        const Layout layout = plan_layout(p);
        char path[PATH_MAX], flags[MOUNT_FLAGS_TEXT_MAX];

        fprintf(f, "jail: %s\n", layout_path(&layout, LAYOUT_ROOT, "", path));
        fprintf(f, "sock: %s\n", layout_sock(&layout, "", path));
        fprintf(f, "vmm: %s (%s text)\n", p->vmm, plan_vmm_text(p));
        if (p->config)
                fprintf(f, "config: %s -> /" JAIL_CONFIG "%s\n", p->config,
                        p->config_bind ? "" : " (binds nothing)");
        FOREACH_ARRAY (n, p->nodes, p->n_nodes)
                fprintf(f, "node: /dev/%s %u:%u %04o\n", n->path, major(n->rdev), minor(n->rdev),
                        n->mode & 07777);
        FOREACH_ARRAY (m, p->mounts, p->n_mounts)
                fprintf(f, "mount: %s %s\n", plan_mount_text(m, path), plan_mount_flags(m, flags));
}

static void dump_bind(FILE *f, const BindPlan *b)
{
        char ids[BIND_IDS_TEXT_MAX];

        switch (b->found) {
        case BIND_FOUND_DEVICE:
                fprintf(f, "node: /%s %u:%u %04o of %s by %s\n", b->path, major(b->rdev), minor(b->rdev),
                        bind_node_mode(b) & 07777U, b->source, b->named_by);
                break;
        case BIND_FOUND_IN_ROOT:
                fprintf(f, "from root/: /%s by %s\n", b->path, b->named_by);
                break;
        default:
                fprintf(f, "bind: %s -> /%s (%s, %s%s%s) by %s\n", b->source, b->path,
                        b->read_only ? "ro" : "rw", plan_bind_ids(b, ids),
                        b->shared ? ", shared with other VMs" : "",
                        b->found == BIND_FOUND_MISSING ? ", made by a start" : "", b->named_by);
        }
}

static void dump_binds(FILE *f, const Plan *p)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                dump_bind(f, b);
}

static void dump_tap(FILE *f, const TapConfig *t)
{
        char text[ADDRESS_STR_MAX], mac[MAC_STR_MAX];

        fprintf(f, "tap: %s", t->name);
        if (t->mtu != 0)
                fprintf(f, " mtu=%u", t->mtu);
        if (t->has_mac)
                fprintf(f, " mac=%s", mac_to_string(&t->mac, mac));
        FOREACH_ARRAY (a, t->addresses, t->n_addresses)
                fprintf(f, " address=%s", address_to_string(a, text));
        if (t->txqueuelen != 0)
                fprintf(f, " txqueuelen=%u", t->txqueuelen);
        if (t->bridge[0])
                fprintf(f, " bridge=%s", t->bridge);
        if (t->redirect[0])
                fprintf(f, " redirect=%s", t->redirect);
        fputc('\n', f);
}

static void dump_uplink(FILE *f, const Plan *p)
{
        const UplinkConfig *u = &p->uplink;
        char text[ADDRESS_STR_MAX], mac[MAC_STR_MAX];

        fprintf(f, "uplink: " UPLINK_PEER " - %s %s%s", p->uplink_name,
                u->kind == UPLINK_BRIDGE ? "bridge=" : "route", u->bridge);
        if (u->mtu != 0)
                fprintf(f, " mtu=%u", u->mtu);
        if (u->has_mac)
                fprintf(f, " mac=%s", mac_to_string(&u->mac, mac));
        for (size_t i = 0; i < u->n_addresses; i++) {
                fprintf(f, " address=%s", host_address_to_string(&u->addresses[i], text));
                if (u->prefix_lens[i] != 0)
                        fprintf(f, "/%u", u->prefix_lens[i]);
        }
        if (u->kind == UPLINK_BRIDGE && u->gateway[0])
                fprintf(f, " gateway=%s", u->gateway);
        for (size_t i = 0; i < u->n_dns; i++)
                fprintf(f, " dns=%s", u->dns[i]);
        FOREACH_ARRAY (g, p->gateways, p->n_gateways)
                fprintf(f, " gateway=%s", host_address_to_string(g, text));
        if (u->vlan != 0)
                fprintf(f, " vlan=%u", u->vlan);
        fprintf(f, "%s%s%s%s\n", u->isolated ? " isolated" : "", u->neigh_suppress ? " neigh_suppress" : "",
                u->no_learning ? " learning=no" : "", u->no_antispoof ? " antispoof=no" : "");
}

static void dump_cni(FILE *f, const CniConfig *c)
{
        char text[ADDRESS_STR_MAX], mac[MAC_STR_MAX];

        fprintf(f, "cni: %s", c->network);
        FOREACH_ARRAY (a, c->addresses, c->n_addresses)
                fprintf(f, " ip=%s", address_to_string(a, text));
        if (c->has_mac)
                fprintf(f, " mac=%s", mac_to_string(&c->mac, mac));
        FOREACH_ARRAY (p, c->ports, c->n_ports)
                fprintf(f, " port=%u:%u/%s", p->host, p->guest, p->protocol);
        if (c->ingress != 0)
                fprintf(f, " ingress=%" PRIu64, c->ingress);
        if (c->egress != 0)
                fprintf(f, " egress=%" PRIu64, c->egress);
        fputs(c->no_antispoof ? " antispoof=no\n" : "\n", f);
}

const char *plan_netns_text(const Plan *p)
{
        static const char *const kinds[] = {
                [NETNS_PRIVATE] = "private",
                [NETNS_INHERIT] = "inherit",
                [NETNS_HOST] = "host",
        };

        return p->netns == NETNS_PATH ? p->netns_path : kinds[p->netns];
}

static void dump_net(FILE *f, const Plan *p)
{
        const char *name;

        fprintf(f, "netns: %s\n", plan_netns_text(p));
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                dump_tap(f, t);
        if (p->n_taps == 0)
                fprintf(f, "tap: none\n");
        if (p->cni.network[0])
                dump_cni(f, &p->cni);
        if (p->uplink.kind != UPLINK_NONE)
                dump_uplink(f, p);
        if (p->guest_boot_arg)
                fprintf(f, "guest-network: boot-arg\n");

        fprintf(f, "namespaces:");
        for (size_t i = 0; (name = plan_next_namespace(p, &i));)
                fprintf(f, " %s", name);
        fputc('\n', f);
}

const char *plan_seccomp_text(const Plan *p)
{
        static const char *const kinds[] = {
                [SECCOMP_DEFAULT] = "default",
                [SECCOMP_IO_URING] = "io_uring",
                [SECCOMP_OFF] = "off",
        };

        return p->seccomp == SECCOMP_PATH ? p->seccomp_path : kinds[p->seccomp];
}

static void dump_confinement(FILE *f, const Plan *p)
{
        fprintf(f, "seccomp: %s\n", plan_seccomp_text(p));
        if (p->apparmor)
                fprintf(f, "apparmor: %s\n", p->apparmor);
        if (p->selinux)
                fprintf(f, "selinux: %s\n", p->selinux);
}

static void dump_life(FILE *f, const Plan *p)
{
        fprintf(f, "api: %s\n", p->api ? p->api : "no");
        fprintf(f, "ready: %s\n", p->ready == READY_API ? "api" : "exec");
        if (p->stop_seconds != 0)
                fprintf(f, "stop: ctrl-alt-del, %u s\n", p->stop_seconds);
        else
                fprintf(f, "stop: kill\n");
        fprintf(f, "keep: %s\n", p->keep ? "yes" : "no");
}

static void dump_jailer(FILE *f, const Plan *p)
{
        const CgroupPlan *c = &p->cgroup;

        fprintf(f, "root: %s\n", p->vm_owns_root ? "the VM's" : "root's");
        fprintf(f, "mounts below root: %s\n", p->mounts_live ? "live" : p->takes_mounts ? "start" : "no");
        fprintf(f, "process: %s\n",
                p->starter_becomes_vmm ? "the caller's"
                : p->stdio_is_null     ? "another, with /dev/null"
                                       : "another");
        fprintf(f, "pid file: %s\n", p->pid_file);
        FOREACH_ARRAY (l, p->limits, p->n_limits)
                fprintf(f, "limit: %s %" PRIu64 "\n", l->name, l->value);
        if (c->version != 0)
                fprintf(f, "cgroup: version %u, %s%s%s\n", c->version, c->parent,
                        c->n_attributes > 0 ? "/" : "", c->n_attributes > 0 ? p->id : "");
        FOREACH_ARRAY (a, c->attributes, c->n_attributes)
                fprintf(f, "cgroup attribute: %s=%s\n", a->file, a->value);
        fprintf(f, "cleanup: %s\n", p->watched ? "when the VM ends" : "by others");
}

int plan_dump(const Plan *p, char **ret)
{
        _cleanup_strv_ char **argv = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = plan_argv(p, &(VmmTimes){}, &argv);
        if (r < 0)
                return r;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -errno;
        dump_identity(f, p);
        dump_jail(f, p);
        dump_binds(f, p);
        dump_net(f, p);
        dump_confinement(f, p);
        dump_life(f, p);
        if (p->starter_leaves)
                dump_jailer(f, p);
        fprintf(f, "argv:");
        for (char **a = argv; *a; a++)
                fprintf(f, " %s", *a);
        fputc('\n', f);
        if (fclose(f) != 0)
                return -ENOMEM;

        *ret = TAKE_PTR(text);
        return 0;
}
