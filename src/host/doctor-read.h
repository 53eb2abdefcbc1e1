/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the checks of doctor.h share: how a file of the host is read, and how a finding is said. A path is absolute, in the root
 * directory of the DoctorHost. */

#include <sysexits.h>

#include "doctor.h"

/* A row of the table of a group. */
typedef struct DoctorGroup {
        const DoctorCheck *checks;
        size_t n;
} DoctorGroup;

extern const DoctorGroup doctor_kvm, doctor_kernel, doctor_limits, doctor_base, doctor_network,
        doctor_system, doctor_vmm, doctor_cpu, doctor_memory, doctor_guide;

/* They return what findings_add() does. */
#define DOCTOR_OK(f, object, ...) findings_add(f, SEVERITY_OK, 0, EX_OK, object, NULL, __VA_ARGS__)
#define DOCTOR_NOTE(f, object, remedy, ...)                                                                 \
        findings_add(f, SEVERITY_NOTE, 0, EX_OK, object, remedy, __VA_ARGS__)
#define DOCTOR_WARNING(f, object, remedy, ...)                                                              \
        findings_add(f, SEVERITY_WARNING, 0, EX_OK, object, remedy, __VA_ARGS__)
#define DOCTOR_ERROR(f, error, exit_status, object, remedy, ...)                                            \
        findings_add(f, SEVERITY_ERROR, error, exit_status, object, remedy, __VA_ARGS__)

/* What is read of a file at most; the rest of a longer one is not needed. */
#define DOCTOR_TEXT_MAX 4096

/* Of /proc/self/mountinfo, which counts as a whole: its lines are long, and a container has many. */
#define DOCTOR_MOUNTINFO_MAX (8U * 1024 * 1024)

/* Reads the beginning of a file, without the newlines at its end. 0 or -errno. */
int doctor_read(const DoctorHost *h, const char *path, char text[DOCTOR_TEXT_MAX]) _must_check_;

/* The same. 1; or, with a finding, 0 or -ENOMEM: if there is no such file, all is well, and `absent` says why. */
int doctor_get(const DoctorHost *h, Findings *f, const char *path, const char *absent,
               char text[DOCTOR_TEXT_MAX]) _must_check_;

/* The same of a number from 0 on. */
int doctor_get_number(const DoctorHost *h, Findings *f, const char *path, const char *absent, uint64_t *ret)
        _must_check_;

/* Says that a file cannot be read, or has a value that nobody expects. */
int doctor_unreadable(Findings *f, const char *path, int error);
int doctor_unknown(Findings *f, const char *path, const char *text);

bool doctor_exists(const DoctorHost *h, const char *path);

/* Of a text of words with blanks between them: the word is one of them; what follows a prefix, such as "loglevel=", up to the
 * next blank, or NULL. */
bool doctor_has_word(const char *text, const char *word) _pure_;
const char *doctor_find_value(const char *text, const char *prefix) _pure_;

/* The kernel is at least that. false, if /proc does not say. */
bool doctor_kernel_is(const DoctorHost *h, uint32_t major, uint32_t minor);
