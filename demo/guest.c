/* SPDX-License-Identifier: Apache-2.0 */

/* A real virtual machine: 64 KiB of memory, one CPU, and what the machine has (guest-*.c): a serial port that only
 * sends, a disk controller (disk.c), and on a PC a keyboard controller that knows one chord. */

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "vmm.h"

/* Added to the keys to wake a CPU that has halted, and no key. */
#define WAKE (UINT64_C(1) << 32)

static struct {
        bool running;
        uint8_t *memory;
        int cpu_fd;
        struct kvm_run *run;
        int keys_fd; /* an eventfd: keys that were pressed, and what wakes a CPU that has halted */
        pthread_t cpu;
        pthread_mutex_t lock; /* for the two below */
        pthread_cond_t changed;
        bool pause;  /* the CPU shall be paused */
        bool paused; /* it is */
} guest = {
        .cpu_fd = -1,
        .keys_fd = -1,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
};

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

        return read(guest.keys_fd, &pressed, sizeof(pressed)) == sizeof(pressed) ? pressed % WAKE : 0;
}

/* Also if the signal comes right before KVM_RUN, which it then ends at once. */
static void on_kick(int sig)
{
        (void) sig;
        guest.run->immediate_exit = 1;
}

/* The lock is held. */
static void wait_paused(void)
{
        /* Completes an instruction that has stopped for the machine. */
        guest.run->immediate_exit = 1;
        (void) ioctl(guest.cpu_fd, KVM_RUN, NULL);
        guest.paused = true;
        (void) pthread_cond_broadcast(&guest.changed);
        while (guest.pause)
                (void) pthread_cond_wait(&guest.changed, &guest.lock);
        guest.run->immediate_exit = 0;
        guest.paused = false;
        (void) pthread_cond_broadcast(&guest.changed);
}

static void *run_cpu(void *unused)
{
        (void) unused;

        for (;;) {
                (void) pthread_mutex_lock(&guest.lock);
                if (guest.pause)
                        wait_paused();
                (void) pthread_mutex_unlock(&guest.lock);
                errno = 0;
                if (ioctl(guest.cpu_fd, KVM_RUN, NULL) < 0) {
                        if (errno != EINTR)
                                break;
                        guest.run->immediate_exit = 0; /* why it was set is looked at now */
                        continue;
                }
                if (!machine_exit(guest.run))
                        break;
        }

        log_line("the guest's CPU stopped, reason %u", guest.run->exit_reason);
        _exit(EXIT_FAILURE);
}

/* As Firecracker maps a file: what the guest writes does not get into it. */
static int map_memory(const char *path)
{
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (path && fd < 0)
                return -errno;
        guest.memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | (path ? 0 : MAP_ANONYMOUS), fd, 0);
        int r = guest.memory == MAP_FAILED ? -errno : 0;
        if (path)
                (void) close(fd);
        return r;
}

static int make_memory(int vm_fd, const char *path)
{
        int r = map_memory(path);

        if (r < 0)
                return r;
        if (!path)
                memcpy(guest.memory + ENTRY, guest_program, guest_program_size);
        struct kvm_userspace_memory_region region = {
                .guest_phys_addr = MEMORY_BASE,
                .memory_size = MEMORY_SIZE,
                .userspace_addr = (uintptr_t) guest.memory,
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

static int make_thread(void)
{
        struct sigaction kick = { .sa_handler = on_kick };
        int r;

        guest.keys_fd = eventfd(0, EFD_CLOEXEC);
        if (guest.keys_fd < 0 || sigaction(SIGUSR1, &kick, NULL) < 0)
                return -errno;
        r = pthread_create(&guest.cpu, NULL, run_cpu, NULL);
        guest.running = r == 0;
        return -r;
}

/* A new one, or that of a snapshot. */
static int make_guest(const MachineState *state, const char *memory_path, const char **ret_what)
{
        int r;

        *ret_what = "/dev/kvm";
        int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
        if (kvm_fd < 0)
                return -errno;

        *ret_what = "the virtual machine";
        int vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
        if (vm_fd < 0)
                return -errno;
        r = make_memory(vm_fd, memory_path);
        if (r >= 0)
                r = make_cpu(kvm_fd, vm_fd);
        if (r >= 0 && state)
                r = machine_restore(guest.cpu_fd, state);
        return r < 0 ? r : make_thread();
}

int guest_start(const char **ret_what)
{
        return make_guest(NULL, NULL, ret_what);
}

int guest_restore(const MachineState *state, const char *memory_path)
{
        const char *what;

        guest.pause = true; /* from its first instruction on */
        int r = make_guest(state, memory_path, &what);
        return r < 0 ? r : guest_pause();
}

static int change(bool pause)
{
        (void) pthread_mutex_lock(&guest.lock);
        guest.pause = pause;
        (void) pthread_cond_broadcast(&guest.changed);
        if (pause && (write(guest.keys_fd, &(uint64_t){ WAKE }, sizeof(uint64_t)) < 0 ||
                      pthread_kill(guest.cpu, SIGUSR1) != 0)) {
                (void) pthread_mutex_unlock(&guest.lock);
                return -EIO;
        }
        while (guest.paused != pause)
                (void) pthread_cond_wait(&guest.changed, &guest.lock);
        (void) pthread_mutex_unlock(&guest.lock);
        return 0;
}

int guest_pause(void)
{
        return guest.running ? change(true) : -EINVAL;
}

int guest_resume(void)
{
        return guest.running ? change(false) : -EINVAL;
}

bool guest_paused(void)
{
        return guest.running && guest.pause;
}

const void *guest_save(MachineState *ret)
{
        return machine_save(guest.cpu_fd, ret) < 0 ? NULL : guest.memory;
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
