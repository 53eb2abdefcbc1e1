/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's machine on aarch64: no keyboard, so nothing but its VMM ends it. */

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "guest.h"

int machine_init_cpu(int vm_fd, int cpu_fd)
{
        const uint64_t entry = MEMORY_BASE + ENTRY;
        const struct kvm_one_reg pc = {
                .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pc),
                .addr = (uintptr_t) &entry,
        };
        struct kvm_vcpu_init init;

        if (ioctl(vm_fd, KVM_ARM_PREFERRED_TARGET, &init) < 0 ||
            ioctl(cpu_fd, KVM_ARM_VCPU_INIT, &init) < 0 || ioctl(cpu_fd, KVM_SET_ONE_REG, &pc) < 0)
                return -errno;
        return 0;
}

/* Of one that runs without an MMU, these are all that its program uses. They follow each other. */
static int access_registers(int cpu_fd, unsigned long request, uint64_t *regs)
{
        for (size_t i = 0; i < 33; i++) {
                size_t offset = i < 31    ? KVM_REG_ARM_CORE_REG(regs.regs[0]) + 2 * i
                                : i == 31 ? KVM_REG_ARM_CORE_REG(regs.pc)
                                          : KVM_REG_ARM_CORE_REG(regs.pstate);
                const struct kvm_one_reg reg = {
                        .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | offset,
                        .addr = (uintptr_t) &regs[i],
                };
                if (ioctl(cpu_fd, request, &reg) < 0)
                        return -errno;
        }
        return 0;
}

int machine_save(int cpu_fd, MachineState *ret)
{
        return access_registers(cpu_fd, KVM_GET_ONE_REG, ret->regs);
}

int machine_restore(int cpu_fd, const MachineState *state)
{
        MachineState copy = *state;

        return access_registers(cpu_fd, KVM_SET_ONE_REG, copy.regs);
}

bool machine_exit(struct kvm_run *run)
{
        if (run->exit_reason == KVM_EXIT_INTR)
                return true;
        if (run->exit_reason != KVM_EXIT_MMIO)
                return false;

        uint64_t reg = run->mmio.phys_addr - DISK;
        if (run->mmio.phys_addr == SERIAL && run->mmio.is_write)
                guest_serial_out(run->mmio.data, run->mmio.len);
        else if (reg < DISK_END && run->mmio.is_write)
                disk_out((unsigned) reg, run->mmio.data[0]);
        else if (reg < DISK_END)
                run->mmio.data[0] = disk_in((unsigned) reg);
        else
                return false;
        return true;
}
