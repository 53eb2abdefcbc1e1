/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The VLAN of a port of a bridge that filters VLANs: what comes from the port without a tag belongs to it, and the port gets
 * nothing of any other. */

#include "netlink.h"

/* Adds the requests to the batch. default_vlan: the one that the bridge has given to the port; 0: none. 0 or -ENOMEM. */
int port_vlan_set(Netlink *nl, int ifindex, uint16_t vlan, uint16_t default_vlan) _must_check_;

/* 0, -EBADE: the port has another VLAN or several, or another -errno. */
int port_vlan_verify(Netlink *nl, int ifindex, uint16_t vlan) _must_check_;
