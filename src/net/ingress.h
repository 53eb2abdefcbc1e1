/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The ingress queue of a device, and the filters that fcjail puts into one. */

#include <linux/pkt_sched.h> /* before pkt_cls.h */

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#define INGRESS_HANDLE 0xffff0000U /* the only one that such a queue can have */

/* tcm_info: of priority 1, for all protocols; and for a filter that comes behind that one. */
#define INGRESS_FILTER_INFO TC_H_MAKE(1U << 16, htons(ETH_P_ALL))
#define INGRESS_SECOND_INFO TC_H_MAKE(2U << 16, htons(ETH_P_ALL))
