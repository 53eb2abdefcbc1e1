/* SPDX-License-Identifier: Apache-2.0 */

/* A real virtual machine: 64 KiB of memory, one CPU, and what the machine has (guest-*.c): a serial port that only
 * sends, a disk controller (disk.c), and on a PC a keyboard controller that knows one chord. */

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

#include "guest.h"
#include "vmm.h"

static struct {
        bool running;
        int cpu_fd;
        struct kvm_run *run;
        int keys_fd; /* an eventfd: keys that were pressed, and what wakes a CPU that has halted */
} guest = { .cpu_fd = -1, .keys_fd = -1 };

void guest_serial_out(const uint8_t *data, uint32_t n)
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

uint64_t guest_wait_for_keys(void)
{
        uint64_t pressed;

        return read(guest.keys_fd, &pressed, sizeof(pressed)) == sizeof(pressed) ? pressed : 0;
}

static void *run_cpu(void *unused)
{
        (void) unused;

        for (;;) {
                if (ioctl(guest.cpu_fd, KVM_RUN, NULL) < 0 && errno != EINTR)
                        break;
                if (!machine_exit(guest.run))
                        break;
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

        memcpy(memory + ENTRY, guest_program, guest_program_size);
        struct kvm_userspace_memory_region region = {
                .guest_phys_addr = MEMORY_BASE,
                .memory_size = MEMORY_SIZE,
                .userspace_addr = (uintptr_t) memory,
        };
        return ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

static int make_cpu(int kvm_fd, int vm_fd)
{
        guest.cpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
        int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
        if (guest.cpu_fd < 0 || size < 0)
                return -errno;
        guest.run = mmap(NULL, (size_t) size, PROT_READ | PROT_WRITE, MAP_SHARED, guest.cpu_fd, 0);
        if (guest.run == MAP_FAILED)
                return -errno;

        return machine_init_cpu(vm_fd, guest.cpu_fd);
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

        return MACHINE_HAS_KEYS && guest.running && write(guest.keys_fd, &one, sizeof(one)) == sizeof(one);
}
