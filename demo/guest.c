/* SPDX-License-Identifier: Apache-2.0 */

/* A real virtual machine: 64 KiB of memory, one CPU in real mode, a serial port that only sends and a
 * keyboard controller that knows one chord. */

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

#define MEMORY_SIZE 0x10000U
#define ENTRY       0x1000U
#define MESSAGE     (ENTRY + 29)

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

static struct {
        bool running;
        int cpu_fd;
        struct kvm_run *run;
        int keys_fd; /* an eventfd: keys that were pressed, and what wakes a CPU that has halted */
        uint64_t keys;
} guest = { .cpu_fd = -1, .keys_fd = -1 };

static void serial_out(const uint8_t *data, uint32_t n)
{
        static char line[256];
        static size_t length;

        for (; n > 0; n--, data++) {
                line[length++] = (char) *data;
                if (*data != '\n' && length < sizeof(line))
                        continue;
                if (write(STDOUT_FILENO, line, length) < 0)
                        _exit(EXIT_FAILURE);
                length = 0;
        }
}

static void port_io(void)
{
        struct kvm_run *run = guest.run;
        uint8_t *data = (uint8_t *) run + run->io.data_offset;

        if (run->io.direction == KVM_EXIT_IO_OUT) {
                if (run->io.port == PORT_SERIAL)
                        serial_out(data, run->io.size * run->io.count);
                if (run->io.port == PORT_KBD && *data == KBD_RESET)
                        exit(EXIT_SUCCESS); /* as Firecracker: a reset is the end */
                return;
        }

        *data = 0;
        if (run->io.port == PORT_KBD)
                *data = guest.keys > 0 ? KBD_AVAILABLE : 0;
        if (run->io.port == PORT_KBD_DATA && guest.keys > 0) {
                *data = 0x71; /* Del */
                guest.keys--;
        }
}

static void *run_cpu(void *unused)
{
        (void) unused;

        for (;;) {
                if (ioctl(guest.cpu_fd, KVM_RUN, NULL) < 0 && errno != EINTR)
                        break;
                if (guest.run->exit_reason == KVM_EXIT_IO) {
                        port_io();
                } else if (guest.run->exit_reason == KVM_EXIT_HLT) {
                        uint64_t pressed;
                        if (read(guest.keys_fd, &pressed, sizeof(pressed)) == sizeof(pressed))
                                guest.keys += pressed;
                } else {
                        break;
                }
        }

        log_line("the guest's CPU stopped, reason %u", guest.run->exit_reason);
        _exit(EXIT_FAILURE);
}

static int make_memory(int vm_fd)
{
        uint8_t *memory =
                mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
                return -errno;

        memcpy(memory + ENTRY, program, sizeof(program));
        memcpy(memory + MESSAGE, message, sizeof(message));
        struct kvm_userspace_memory_region region = {
                .memory_size = MEMORY_SIZE,
                .userspace_addr = (uintptr_t) memory,
        };
        return ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

static int make_cpu(int kvm_fd, int vm_fd)
{
        struct kvm_regs regs = { .rip = ENTRY, .rflags = 2 };
        struct kvm_sregs sregs;

        guest.cpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
        int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
        if (guest.cpu_fd < 0 || size < 0)
                return -errno;
        guest.run = mmap(NULL, (size_t) size, PROT_READ | PROT_WRITE, MAP_SHARED, guest.cpu_fd, 0);
        if (guest.run == MAP_FAILED)
                return -errno;

        if (ioctl(guest.cpu_fd, KVM_GET_SREGS, &sregs) < 0)
                return -errno;
        sregs.cs.base = 0;
        sregs.cs.selector = 0;
        if (ioctl(guest.cpu_fd, KVM_SET_SREGS, &sregs) < 0 || ioctl(guest.cpu_fd, KVM_SET_REGS, &regs) < 0)
                return -errno;
        return 0;
}

int guest_start(const char **ret_what)
{
        pthread_t thread;
        int r;

        *ret_what = "/dev/kvm";
        int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
        if (kvm_fd < 0)
                return -errno;

        *ret_what = "the virtual machine";
        int vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
        if (vm_fd < 0)
                return -errno;
        r = make_memory(vm_fd);
        if (r >= 0)
                r = make_cpu(kvm_fd, vm_fd);
        if (r < 0)
                return r;

        guest.keys_fd = eventfd(0, EFD_CLOEXEC);
        if (guest.keys_fd < 0)
                return -errno;
        r = pthread_create(&thread, NULL, run_cpu, NULL);
        if (r != 0)
                return -r;
        guest.running = true;
        return 0;
}

bool guest_running(void)
{
        return guest.running;
}

bool guest_ctrl_alt_del(void)
{
        const uint64_t one = 1;

        return guest.running && write(guest.keys_fd, &one, sizeof(one)) == sizeof(one);
}
