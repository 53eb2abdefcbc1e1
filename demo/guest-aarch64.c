/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's machine on aarch64: no keyboard, so nothing but its VMM ends it. */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "guest.h"

#define SERIAL 0x09000000U /* where no memory is */

/* clang-format off */
static const uint32_t program[] = {
        0xd2a12001,     /*       mov   x1, #SERIAL     */
        0x100000e2,     /*       adr   x2, message     */
        0x38401443,     /* next: ldrb  w3, [x2], #1    */
        0x34000063,     /*       cbz   w3, idle        */
        0x39000023,     /*       strb  w3, [x1]        */
        0x17fffffd,     /*       b     next            */
        0xd503207f,     /* idle: wfi                   */
        0x17ffffff,     /*       b     idle            */
};
/* clang-format on */
static const char message[] = "hello from guest\n";

void machine_load(uint8_t *memory)
{
        memcpy(memory, program, sizeof(program));
        memcpy(memory + sizeof(program), message, sizeof(message));
}

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

bool machine_exit(struct kvm_run *run)
{
        if (run->exit_reason == KVM_EXIT_INTR)
                return true;
        if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != SERIAL || !run->mmio.is_write)
                return false;
        guest_serial_out(run->mmio.data, run->mmio.len);
        return true;
}
