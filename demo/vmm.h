/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * demo-vmm: a small stand-in for Firecracker, so that everything around a VMM can be seen and tested where
 * Firecracker is not installed. One thread serves the API and the network, one runs the guest's CPU.
 */

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define VERSION "1.0.0-demo"

#define EXIT_BAD_ARGS 153 /* as Firecracker */

typedef struct Options {
        const char *id;
        const char *api_sock;    /* NULL: no API */
        const char *config_file; /* NULL: configured by the API */
        const char *log_path;
        unsigned long long start_usec, start_cpu_usec, parent_cpu_usec;
        bool probe;
} Options;

extern const char *vm_id; /* --id */

/* The log is standard output if path is NULL. */
int log_open(const char *path);
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Keeps the reason of a failure in words, and returns r. The last one may be an argument. */
int fail(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *failure(void);

/* json.c: looks around in a JSON text without making anything of it. A value is a pointer to its first
 * character; NULL goes in as it comes out, so that calls can be nested. A member that is null is not there. */
bool json_valid(const char *text);
const char *json_member(const char *object, const char *name);
const char *json_element(const char *array, size_t index);
/* Copies a string without escapes into buf. false: it is not a string, or too long. */
bool json_string(const char *value, char *buf, size_t size);

/* Behind the value. */
const char *json_end(const char *value);

bool json_true(const char *value);

/* guest.c. All return 0 or -errno; *ret_what says what failed. */
int guest_start(const char **ret_what);
bool guest_running(void);
/* They return when the CPU is paused, or runs again. */
int guest_pause(void);
int guest_resume(void);
bool guest_paused(void);
/* false: there is no guest to press keys for. */
bool guest_ctrl_alt_del(void);

/* net.c */
#define INTERFACES_MAX 8
extern struct in_addr net_address; /* what all interfaces answer for */
int net_add(const char *tap, const char *mac);
size_t net_fds(int *fds); /* the TAPs, to be polled */
void net_answer(int fd);

/* disk.c */
int disk_add(const char *path, bool read_only);

/* config.c: a file with all sections, and one of them that the API was sent. The reason is in failure(). */
int config_load(const char *json);
int config_put(const char *path, const char *json);

/* snapshot.c. The reason is in failure(). */
int snapshot_create(const char *json);
int snapshot_load(const char *json);
/* A section that a load has to do again, as the API would be sent it. */
int snapshot_add_device(const char *path, const char *json, size_t length);

/* api.c. The reason is in failure(). */
int api_listen(const char *path);
int api_configure(const char *json);
void api_serve(int listen_fd) __attribute__((noreturn));

/* probe.c: what the process sees of its jail, as one line of JSON on standard output. */
void probe(int argc, char **argv, char **envp);
