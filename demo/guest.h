/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The virtual machine as its guest sees it (guest-*.S), and what of it is another one on each kind of host. */

#define ENTRY 0x1000 /* where the program is, from MEMORY_BASE */

#if defined(__x86_64__)
/* ports */
#define SERIAL        0x3f8
#define DISK          0xe0
#define KBD_DATA      0x60
#define KBD           0x64 /* read: status, write: command */
#define KBD_AVAILABLE 0x01
#define KBD_RESET     0xfe
#else
/* addresses where no memory is */
#define SERIAL 0x09000000
#define DISK   (SERIAL + 0x10)
#endif

/* The registers of the disk controller, of one byte, from DISK. */
#define DISK_NEXT   0 /* read: goes to the next drive. 0: there is none */
#define DISK_SECTOR 1 /* write: chooses it, with a buffer of zeros */
#define DISK_READ   2 /* read: fills the buffer from the sector. 0: it failed */
#define DISK_WRITE  3 /* read: writes the buffer to the sector. 0: it failed */
#define DISK_DATA   4 /* the next byte of the buffer */
#define DISK_END    5

/* What DISK_NEXT says. */
#define DISK_READ_ONLY 1
#define DISK_WRITABLE  2

#ifndef __ASSEMBLER__

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#define MEMORY_SIZE 0x10000U

#if defined(__x86_64__)
#define MEMORY_BASE      0U
#define MACHINE_HAS_KEYS true
#else
#define MEMORY_BASE      0x40000000U
#define MACHINE_HAS_KEYS false
#endif

/* guest-*.S. It may be copied to where it is to run. */
extern const uint8_t guest_program[];
extern const uint32_t guest_program_size;

/* What a snapshot keeps of the CPU. */
typedef struct MachineState {
#if defined(__x86_64__)
        struct kvm_regs regs;
        struct kvm_sregs sregs;
#else
        uint64_t regs[33]; /* x0 to x30, pc, pstate */
#endif
} MachineState;

/* guest-*.c. 0 or -errno. */
int machine_init_cpu(int vm_fd, int cpu_fd);
int machine_save(int cpu_fd, MachineState *ret);
int machine_restore(int cpu_fd, const MachineState *state);
/* The CPU has stopped for something. false: for nothing that this machine has. */
bool machine_exit(struct kvm_run *run);

/* guest.c, for snapshot.c. Of a guest that is paused: its memory, and in *ret the rest; NULL: that failed. */
const void *guest_save(MachineState *ret);
/* A guest that is paused. 0 or -errno. */
int guest_restore(const MachineState *state, const char *memory_path);

/* guest.c, for these. */
void guest_serial_out(const uint8_t *data, uint32_t n);
/* Waits for ctrl-alt-del; how often. */
uint64_t guest_wait_for_keys(void);

#define SECTOR_SIZE 512

/* What the guest has chosen. */
typedef struct DiskState {
        uint32_t n_seen; /* drives; the last of them is the present one */
        uint32_t sector;
        uint32_t position; /* in the buffer */
        uint8_t buffer[SECTOR_SIZE];
} DiskState;

extern DiskState disk_state;

/* disk.c, for these: the guest reads or writes a register. */
uint8_t disk_in(unsigned reg);
void disk_out(unsigned reg, uint8_t value);

#endif
