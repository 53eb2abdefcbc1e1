/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's side of the network, played by the VMM: answers ARP requests and pings for one address. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm.h"

#define VNET_HDR_SIZE 12 /* of struct virtio_net_hdr_v1 */

struct in_addr net_address;

static struct {
        int fd;
        uint8_t mac[ETH_ALEN];
} interfaces[INTERFACES_MAX];
static size_t n_interfaces;

int net_add(const char *tap, const char *mac)
{
        struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        int size = VNET_HDR_SIZE, n = 0;
        uint8_t *m = interfaces[n_interfaces].mac;

        if (n_interfaces == INTERFACES_MAX || strlen(tap) >= sizeof(ifr.ifr_name))
                return -EINVAL;
        if (!mac)
                mac = "06:00:ac:10:00:02";
        if (sscanf(mac, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", m, m + 1, m + 2, m + 3, m + 4, m + 5, &n) !=
                    6 ||
            mac[n] != '\0')
                return -EINVAL;

        int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        memcpy(ifr.ifr_name, tap, strlen(tap));
        if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) < 0) {
                int r = -errno;
                (void) close(fd);
                return r;
        }

        interfaces[n_interfaces++].fd = fd;
        return 0;
}

size_t net_fds(int *fds)
{
        for (size_t i = 0; i < n_interfaces; i++)
                fds[i] = interfaces[i].fd;
        return n_interfaces;
}

/* The Internet checksum, RFC 1071. */
static uint16_t checksum(const void *data, size_t n)
{
        const uint8_t *p = data;
        uint32_t sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += i % 2 == 0 ? (uint32_t) p[i] << 8 : p[i];
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return htons((uint16_t) ~sum);
}

static bool answer_arp(uint8_t *payload, size_t n, const uint8_t *mac)
{
        struct ether_arp *arp = (struct ether_arp *) payload;

        if (n < sizeof(*arp) || arp->arp_op != htons(ARPOP_REQUEST) ||
            memcmp(arp->arp_tpa, &net_address, sizeof(net_address)) != 0)
                return false;

        arp->arp_op = htons(ARPOP_REPLY);
        memcpy(arp->arp_tha, arp->arp_sha, ETH_ALEN);
        memcpy(arp->arp_tpa, arp->arp_spa, sizeof(arp->arp_tpa));
        memcpy(arp->arp_sha, mac, ETH_ALEN);
        memcpy(arp->arp_spa, &net_address, sizeof(arp->arp_spa));
        return true;
}

static bool answer_ping(uint8_t *payload, size_t n)
{
        struct iphdr *ip = (struct iphdr *) payload;

        if (n < sizeof(*ip) || ip->version != 4 || ip->daddr != net_address.s_addr ||
            ip->protocol != IPPROTO_ICMP)
                return false;
        size_t header = ip->ihl * 4U, total = ntohs(ip->tot_len);
        if (header < sizeof(*ip) || total > n || total < header + sizeof(struct icmphdr))
                return false;
        struct icmphdr *icmp = (struct icmphdr *) (payload + header);
        if (icmp->type != ICMP_ECHO)
                return false;

        ip->daddr = ip->saddr;
        ip->saddr = net_address.s_addr;
        ip->check = 0;
        ip->check = checksum(ip, header);
        icmp->type = ICMP_ECHOREPLY;
        icmp->checksum = 0;
        icmp->checksum = checksum(icmp, total - header);
        return true;
}

void net_answer(int fd)
{
        uint8_t frame[VNET_HDR_SIZE + 65536];
        const uint8_t *mac = NULL;

        for (size_t i = 0; i < n_interfaces; i++)
                if (interfaces[i].fd == fd)
                        mac = interfaces[i].mac;

        ssize_t n = read(fd, frame, sizeof(frame));
        if (n < (ssize_t) (VNET_HDR_SIZE + sizeof(struct ether_header)) || !mac)
                return;

        struct ether_header *eth = (struct ether_header *) (frame + VNET_HDR_SIZE);
        uint8_t *payload = (uint8_t *) (eth + 1);
        size_t size = (size_t) n - VNET_HDR_SIZE - sizeof(*eth);
        if (!(eth->ether_type == htons(ETHERTYPE_ARP) && answer_arp(payload, size, mac)) &&
            !(eth->ether_type == htons(ETHERTYPE_IP) && answer_ping(payload, size)))
                return;

        memset(frame, 0, VNET_HDR_SIZE); /* no offloads */
        memcpy(eth->ether_dhost, eth->ether_shost, ETH_ALEN);
        memcpy(eth->ether_shost, mac, ETH_ALEN);
        if (write(fd, frame, (size_t) n) < 0)
                log_line("a frame was lost: %s", strerror(errno));
}
