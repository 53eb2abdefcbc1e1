/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A VM's attachment to a network of CNI. It has a record from before the first plugin runs until the last one has undone what it
 * did, with all that DEL needs: plugins that get less leave rules behind, with exit status 0.
 *
 *     /var/lib/fcjail/cni/<id>         the record; not in /run, because leases of addresses outlive a boot
 *     /run/netns/fcjail-<id>           the network namespace, pinned
 *     /run/fcjail/net/<id>.json, .env  what the guest has to know
 *     /run/fcjail/cni.lock             one byte for each VM
 */

#include "cni-network.h"
#include "guest-net.h"
#include "plan.h"

#define CNI_RECORD_DIR "/var/lib/fcjail/cni"
#define CNI_FACTS_DIR  "/run/fcjail/net"
#define CNI_IFNAME     UPLINK_PEER

typedef struct CniAttachment {
        char *id;
        char *netns; /* path, which follows from the id */
        CniNetwork network;
        struct json_object *capabilities; /* what the settings give: ips, mac, portMappings, bandwidth */
        bool of_unit;                     /* fcjail-cni@ID.service has made it, and will undo it */
        struct json_object *result;       /* of the last plugin that succeeded; NULL: none */
} CniAttachment;

void cni_attachment_done(CniAttachment *a);
#define _cleanup_cni_attachment_ _cleanup_(cni_attachment_done)

/* For messages: one call for each thing that failed. */
typedef void (*CniTell)(const char *id, const char *text);

/* A new one, of nothing yet. 0 or -errno with *ret_why, a sentence. */
int cni_attachment_make(const char *id, const CniConfig *config, CniAttachment *ret, char **ret_why)
        _must_check_;

/* That of the record. 0, -ENOENT: there is none; or another -errno. */
int cni_record_read(const char *id, CniAttachment *ret) _must_check_;
int cni_record_write(const CniAttachment *a) _must_check_;

/* Also what a kill has left of one that was being written. */
int cni_record_remove(const char *id) _must_check_;

/* Calls `each` with the id of every record until it returns another value than 0, and returns that; otherwise 0 or -errno. */
int cni_records_each(int (*each)(const char *id, void *userdata), void *userdata) _must_check_;

/* Holds the lock of the VM, from before its record is read, until the descriptor is closed. -EBUSY: somebody else does. It waits
 * for a collector. */
int cni_lock(const char *id) _must_check_;

/* The same for a collector, see state_lock_to_collect(). */
int cni_lock_to_collect(const char *id) _must_check_;

/* What a plugin gets on its standard input, to be freed. NULL: no memory. */
char *cni_request(const CniAttachment *a, size_t plugin);

/* Makes the namespace and runs all plugins. If one fails, all are undone. 0, or an -errno, with everything told. */
int cni_add(CniAttachment *a, CniTell tell) _must_check_;

/* Undoes all, the last plugin first, and goes on after an error. The record stays if there was one. 0 or the first -errno. */
int cni_del(CniAttachment *a, CniTell tell) _must_check_;

/* Asks each plugin whether all is as it made it. 0 or the first -errno. */
int cni_check(CniAttachment *a, CniTell tell) _must_check_;

/* Pins a new network namespace at the path, or removes one that is there. */
int cni_pin_make(const char *id) _must_check_;
int cni_pin_remove(const char *id) _must_check_;

/* Whether one is there: 1, 0 (nothing, or another kind of file), or -errno. */
int cni_pin_exists(const char *id) _must_check_;

/* A descriptor of it, to enter it, or -errno. */
int cni_pin_open(const char *id) _must_check_;

/* Writes or removes the files for the guest. */
int cni_facts_write(const CniAttachment *a) _must_check_;
int cni_facts_remove(const char *id) _must_check_;

/* What they say that a start needs. 0, -ENOENT: there are none; -E2BIG: more addresses than TAP_ADDRESSES_MAX; or another
 * -errno. */
int cni_facts_read(const char *id, GuestNet *ret) _must_check_;
