/* SPDX-License-Identifier: Apache-2.0 */

/* TAPs, bridges, and the tables of the kernel that all guests share. */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "doctor-read.h"
#include "fd-util.h"

/* BR_MAX_PORTS of the kernel, less port 0. */
#define BRIDGE_PORTS_MAX 1023

static int check_tun(const DoctorHost *h, Findings *f)
{
        (void) h;
        int r = host_check_tun_device(f);
        return r < 0 ? r : DOCTOR_OK(f, "/dev/net/tun", "exists");
}

static int count_ports(const DoctorHost *h, const char *name, unsigned *ret)
{
        _cleanup_closedir_ DIR *d = NULL;
        char path[sizeof("sys/class/net//brif") + IFNAMSIZ];
        unsigned n = 0;
        int r;

        (void) snprintf(path, sizeof(path), "sys/class/net/%.*s/brif", IFNAMSIZ, name);
        r = at_list_dir(h->root_fd, path, &d);
        if (r < 0)
                return r;
        for (const struct dirent *e; (e = readdir(d));)
                n += !at_is_dot(e->d_name);
        *ret = n;
        return 0;
}

static int check_bridges(const DoctorHost *h, Findings *f)
{
        _cleanup_closedir_ DIR *d = NULL;
        unsigned n, n_bridges = 0;
        int r;

        r = at_list_dir(h->root_fd, "sys/class/net", &d);
        if (r < 0)
                return r == -ENOMEM ? r : doctor_unreadable(f, "/sys/class/net", r);
        const size_t before = f->n_items;
        r = 0;
        for (const struct dirent *e; r != -ENOMEM && (e = readdir(d));) {
                if (at_is_dot(e->d_name) || count_ports(h, e->d_name, &n) < 0)
                        continue;
                n_bridges++;
                if (n >= BRIDGE_PORTS_MAX - BRIDGE_PORTS_MAX / 5)
                        r = DOCTOR_WARNING(f, e->d_name, "make another bridge for more VMs, or route them",
                                           "has %u ports, of %u that a bridge can have", n,
                                           BRIDGE_PORTS_MAX);
        }
        if (f->n_items > before)
                return r;
        return DOCTOR_OK(f, "bridges", "%u found, none with so many ports that VMs may run short",
                         n_bridges);
}

/* Set by Docker, among others: a frame from one port of a bridge to another then passes the rules for routed packets. */
static int check_bridge_nf(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        uint64_t value;
        int r;

        r = doctor_get_number(h, f, path, "does not exist, as br_netfilter is not loaded", &value);
        if (r <= 0)
                return r;
        if (value == 0)
                return DOCTOR_OK(f, path, "is 0");
        return DOCTOR_NOTE(
                f, path, "run `sysctl -w net.bridge.bridge-nf-call-iptables=0` unless you need that",
                "is %" PRIu64 ", so rules of the table filter, FORWARD, drop or slow down frames on bridges",
                value);
}

static int check_conntrack(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/net/netfilter/nf_conntrack_max";
        uint64_t used, max;
        int r;

        r = doctor_get_number(h, f, path, "does not exist, as nf_conntrack is not loaded", &max);
        if (r > 0)
                r = doctor_get_number(h, f, "/proc/sys/net/netfilter/nf_conntrack_count",
                                      "is not shown here", &used);
        if (r <= 0)
                return r;
        if (max > 0 && used >= max - max / 5)
                return DOCTOR_WARNING(
                        f, path, "run `sysctl -w net.netfilter.nf_conntrack_max=1048576`, and limit guests",
                        "is %" PRIu64 ", and %" PRIu64 " are used: one guest can fill it for all", max,
                        used);
        return DOCTOR_OK(f, path, "is %" PRIu64 ", and %" PRIu64 " are used", max, used);
}

static int check_neighbours(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";
        uint64_t max;
        int r;

        r = doctor_get_number(h, f, path, "is not shown here", &max);
        if (r <= 0)
                return r;
        if (max <= 1024)
                return DOCTOR_NOTE(
                        f, path,
                        "run `sysctl -w net.ipv4.neigh.default.gc_thresh3=16384` for hundreds of VMs",
                        "is %" PRIu64 ": the host knows so many neighbours at most, and each guest is one",
                        max);
        return DOCTOR_OK(f, path, "is %" PRIu64, max);
}

static int check_forwarding(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/net/ipv4/ip_forward";
        uint64_t value;
        int r;

        r = doctor_get_number(h, f, path, "is not shown here", &value);
        if (r <= 0)
                return r;
        if (value != 0)
                return DOCTOR_OK(f, path, "is 1: the host routes for guests");
        return DOCTOR_NOTE(f, path, "run `sysctl -w net.ipv4.ip_forward=1` if guests need more",
                           "is 0, so routed guests reach nothing but this host");
}

static const DoctorCheck checks[] = {
        { "network", "tun", check_tun },
        { "network", "bridges", check_bridges },
        { "network", "bridge-nf", check_bridge_nf },
        { "network", "conntrack", check_conntrack },
        { "network", "neighbours", check_neighbours },
        { "network", "forwarding", check_forwarding },
};

const DoctorGroup doctor_network = { checks, ELEMENTSOF(checks) };
