/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What of the virtual machine is another one on each kind of host. */

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#define MEMORY_SIZE 0x10000U
#define ENTRY       0x1000U /* where the program is, from MEMORY_BASE */

#if defined(__x86_64__)
#define MEMORY_BASE      0U
#define MACHINE_HAS_KEYS true
#else
#define MEMORY_BASE      0x40000000U
#define MACHINE_HAS_KEYS false
#endif

/* guest-*.c. Writes the guest's program. */
void machine_load(uint8_t *memory);
/* 0 or -errno. */
int machine_init_cpu(int vm_fd, int cpu_fd);
/* The CPU has stopped for something. false: for nothing that this machine has. */
bool machine_exit(struct kvm_run *run);

/* guest.c, for these. */
void guest_serial_out(const uint8_t *data, uint32_t n);
/* Waits for ctrl-alt-del; how often. */
uint64_t guest_wait_for_keys(void);
