/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's machine on x86_64: a CPU in real mode. */

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "guest.h"

static uint64_t keys; /* that were pressed, and are not read yet */

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

int machine_save(int cpu_fd, MachineState *ret)
{
        return ioctl(cpu_fd, KVM_GET_REGS, &ret->regs) < 0 || ioctl(cpu_fd, KVM_GET_SREGS, &ret->sregs) < 0
                       ? -errno
                       : 0;
}

int machine_restore(int cpu_fd, const MachineState *state)
{
        return ioctl(cpu_fd, KVM_SET_SREGS, &state->sregs) < 0 ||
                               ioctl(cpu_fd, KVM_SET_REGS, &state->regs) < 0
                       ? -errno
                       : 0;
}

static void port_out(unsigned port, const uint8_t *data, uint32_t n)
{
        if (port == SERIAL)
                guest_serial_out(data, n);
        if (port >= DISK && port < DISK + DISK_END)
                disk_out(port - DISK, *data);
        if (port == KBD && *data == KBD_RESET)
                exit(EXIT_SUCCESS); /* as Firecracker: a reset is the end */
}

static uint8_t port_in(unsigned port)
{
        if (port >= DISK && port < DISK + DISK_END)
                return disk_in(port - DISK);
        if (port == KBD)
                return keys > 0 ? KBD_AVAILABLE : 0;
        if (port == KBD_DATA && keys > 0) {
                keys--;
                return 0x71; /* Del */
        }
        return 0;
}

static void port_io(struct kvm_run *run)
{
        uint8_t *data = (uint8_t *) run + run->io.data_offset;

        if (run->io.direction == KVM_EXIT_IO_OUT)
                port_out(run->io.port, data, run->io.size * run->io.count);
        else
                *data = port_in(run->io.port);
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
