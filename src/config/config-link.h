/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Options that FCJAIL_TAP=, FCJAIL_UPLINK= and FCJAIL_CNI= have in common. `of` is the interface of an option, for messages. All
 * return 0, or as ConfigParse in config-table.h. */

#include "config.h"

/* An address that an interface may have: neither "this network" nor multicast and beyond, nor what is for "lo" alone. */
bool config_is_host_address(const InAddrPrefix *a) _pure_;

int config_link_mtu(const char *value, const char *of, uint32_t *mtu, char **ret_why) _must_check_;
int config_link_mac(const char *value, const char *of, bool *has_mac, struct ether_addr *mac, char **ret_why)
        _must_check_;

/* "yes" or "no", with true for "no". */
int config_link_no(const char *value, const char *option, bool *ret, char **ret_why) _must_check_;

/* The name of another interface. */
int config_link_interface(const char *value, const char *option, const char *of, char ret[IFNAMSIZ],
                          char **ret_why) _must_check_;

/* Adds one to the list, which has room for TAP_ADDRESSES_MAX. */
int config_link_address(const InAddrPrefix *a, const char *value, const char *of,
                        InAddrPrefix addresses[TAP_ADDRESSES_MAX], size_t *n, char **ret_why) _must_check_;
