/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One entry per event, to the journal with fields when systemd started us, to stderr as a line when a person
 * did. Only steps, verbs and main log; basic/, net/, config/ and plan/ are silent and return errors.
 *
 * Never to be called by INSIDE, which reports through the channel instead: the journal would show another process.
 */

#include <syslog.h>

#include "macro.h"

typedef struct LogField {
        const char *name;  /* of the journal field, e.g. "FCJAIL_STEP" */
        const char *value; /* NULL: the field is left out */
} LogField;

/* Chooses the target, once: the journal if systemd runs the process, otherwise stderr; also if the journal's socket takes no
 * connection. The first entry connects. An entry that the journal does not take is on stderr, and so are all after it. vm_id
 * may be NULL; it becomes FCJAIL_VM_ID= and, when set, OBJECT_SYSTEMD_UNIT= of every entry: an entry of a short-lived sender is
 * otherwise missing from `journalctl -u` in 1-2 % of the cases. */
void log_open(const char *vm_id);

/* The same for a process whose stderr leads nowhere: the journal, whoever runs it. */
void log_open_journal(const char *vm_id);

/* For a caller that reads standard error, whoever runs it: entries go there and, with a message id, also to the journal if
 * there is one. What is as it should be (LOG_INFO) only goes to the journal, and is lost if that does not take it at once. */
void log_open_beside(const char *vm_id);

/* Connects before there is an entry: for who has time now and none later. */
void log_connect(void);

/* Lets go of the journal: what follows goes to stderr. */
void log_close(void);

/* One entry. priority is LOG_ERR, LOG_WARNING, LOG_NOTICE or LOG_INFO; message_id 32 hex digits
 * or NULL; errnum 0 or a negative errno for ERRNO=. The text carries everything a reader needs: fields are
 * for programs. */
void log_entry(int priority, const char *message_id, int errnum, const LogField *fields, size_t n_fields,
               const char *format, ...) _printf_(6, 7);

#define log_error(...)   log_entry(LOG_ERR, NULL, 0, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_entry(LOG_WARNING, NULL, 0, NULL, 0, __VA_ARGS__)
#define log_info(...)    log_entry(LOG_INFO, NULL, 0, NULL, 0, __VA_ARGS__)
