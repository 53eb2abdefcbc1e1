/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The numbers that `drop` sets and `audit` reads back. */

/* SECBIT_NOROOT, _NO_SETUID_FIXUP and _NO_CAP_AMBIENT_RAISE, each locked, and KEEP_CAPS locked off. As a
 * literal: a constant from newer headers may have bits that an older kernel refuses. */
#define JAIL_SECUREBITS 0xEFU

/* No kernel has more: the sets are 64 bits wide. */
#define CAPABILITIES_MAX 63

/* The channel's place during the last steps. */
#define CHANNEL_FD 3
