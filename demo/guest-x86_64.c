/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's machine on x86_64: a CPU in real mode. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "guest.h"

#define MESSAGE (ENTRY + 29)

#define PORT_SERIAL   0x3f8
#define PORT_KBD_DATA 0x60
#define PORT_KBD      0x64 /* read: status, write: command */
#define KBD_AVAILABLE 0x01
#define KBD_RESET     0xfe

/* clang-format off */
static const uint8_t program[] = {
        0xbe, MESSAGE & 0xff, MESSAGE >> 8,     /*       mov  si, message       */
        0xba, 0xf8, 0x03,                       /*       mov  dx, 0x3f8         */
        0xac,                                   /* next: lodsb                  */
        0x84, 0xc0,                             /*       test al, al            */
        0x74, 0x03,                             /*       jz   idle              */
        0xee,                                   /*       out  dx, al            */
        0xeb, 0xf8,                             /*       jmp  next              */
        0xf4,                                   /* idle: hlt                    */
        0xe4, 0x64,                             /*       in   al, 0x64          */
        0xa8, 0x01,                             /*       test al, 1             */
        0x74, 0xf9,                             /*       jz   idle              */
        0xe4, 0x60,                             /*       in   al, 0x60          */
        0xb0, 0xfe,                             /*       mov  al, 0xfe          */
        0xe6, 0x64,                             /*       out  0x64, al  (reset) */
        0xeb, 0xf1,                             /*       jmp  idle              */
};
/* clang-format on */
static const char message[] = "hello from guest\n";

static uint64_t keys; /* that were pressed, and are not read yet */

void machine_load(uint8_t *memory)
{
        memcpy(memory, program, sizeof(program));
        memcpy(memory + sizeof(program), message, sizeof(message));
}

int machine_init_cpu(int vm_fd, int cpu_fd)
{
        struct kvm_regs regs = { .rip = ENTRY, .rflags = 2 };
        struct kvm_sregs sregs;

        (void) vm_fd;
        if (ioctl(cpu_fd, KVM_GET_SREGS, &sregs) < 0)
                return -errno;
        sregs.cs.base = 0;
        sregs.cs.selector = 0;
        if (ioctl(cpu_fd, KVM_SET_SREGS, &sregs) < 0 || ioctl(cpu_fd, KVM_SET_REGS, &regs) < 0)
                return -errno;
        return 0;
}

static void port_io(struct kvm_run *run)
{
        uint8_t *data = (uint8_t *) run + run->io.data_offset;

        if (run->io.direction == KVM_EXIT_IO_OUT) {
                if (run->io.port == PORT_SERIAL)
                        guest_serial_out(data, run->io.size * run->io.count);
                if (run->io.port == PORT_KBD && *data == KBD_RESET)
                        exit(EXIT_SUCCESS); /* as Firecracker: a reset is the end */
                return;
        }

        *data = 0;
        if (run->io.port == PORT_KBD)
                *data = keys > 0 ? KBD_AVAILABLE : 0;
        if (run->io.port == PORT_KBD_DATA && keys > 0) {
                *data = 0x71; /* Del */
                keys--;
        }
}

bool machine_exit(struct kvm_run *run)
{
        if (run->exit_reason == KVM_EXIT_IO)
                port_io(run);
        else if (run->exit_reason == KVM_EXIT_HLT)
                keys += guest_wait_for_keys();
        else
                return false;
        return true;
}
