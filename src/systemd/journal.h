/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the queries of the journal do in the same way. */

#include <systemd/sd-journal.h>

/* All namespaces of this host's journal. 0 or -errno; what is opened is to be closed also after an error. */
int journal_open(sd_journal **ret);

/* Only entries with that field. They are ANDed. 0 or -errno. */
int journal_match(sd_journal *journal, const char *field, const char *value);

/* Only the console of a VM: what its unit has written to its standard output. */
int journal_match_console(sd_journal *journal, const char *id);

/* The text of the current entry, valid until the next one is current; of size 0 if it has none. 0 or -errno. */
int journal_message(sd_journal *journal, const char **ret, size_t *ret_size);

/* Closes it; the exit status of the query, after saying what is wrong. */
int journal_finish(sd_journal *journal, int r);
