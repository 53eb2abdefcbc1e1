/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config-table.h"
#include "macro.h"
#include "manual.h"
#include "step.h"

Test(manual, has_every_key)
{
        for (size_t i = 0; i < CONFIG_KEYS_MAX; i++) {
                _cleanup_free_ char *text = NULL;

                cr_assert_eq(manual_key(config_keys[i].name, &text), 0, "%s", config_keys[i].name);
                cr_expect(strstr(text, config_keys[i].name), "%s", text);
                cr_expect(strlen(text) > 2 * strlen(config_keys[i].name) + 40, "%s", text);
        }
}

Test(manual, has_the_message_and_the_status_of_every_step)
{
        FOREACH_ARRAY (s, steps, n_steps) {
                _cleanup_free_ char *message = NULL, *row = NULL;
                char status[8];

                (void) snprintf(status, sizeof(status), "%i", s->exit_status);
                cr_assert_eq(manual_message(s->message_id, &message), 0, "%s", s->name);
                cr_assert_eq(manual_status(status, &row), 0, "%s", s->name);
                cr_expect_eq(strncmp(row, status, strlen(status)), 0, "%s", row);
        }
}

Test(manual, a_paragraph_ends_where_the_next_begins)
{
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(manual_key("FCJAIL_BIND_RO", &text), 0);
        cr_expect_eq(strncmp(text, "FCJAIL_BIND=, FCJAIL_BIND_RO=\n    ", 34), 0, "%s", text);
        cr_expect_null(strstr(text, "FCJAIL_API="), "%s", text);
}

Test(manual, a_key_is_not_the_beginning_of_another)
{
        _cleanup_free_ char *text = NULL;

        cr_expect_eq(manual_key("FCJAIL_BIN", &text), -ENOENT);
        cr_expect_eq(manual_key("BIND", &text), -ENOENT);
        cr_expect_eq(manual_status("6", &text), -ENOENT);
        cr_expect_eq(manual_message("d91a18f8948141609", &text), -ENOENT);
        cr_expect_null(text);
}

Test(manual, marks_and_frames_are_not_shown_and_columns_stay)
{
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(manual_key("FCJAIL_TAP", &text), 0);
        cr_expect_null(strstr(text, "``"), "%s", text);
        cr_expect_null(strstr(text, "*"), "%s", text);
        cr_expect_null(strstr(text, "\\"), "%s", text);
        cr_expect_null(strstr(text, "===="), "%s", text);

        const char *mtu = strstr(text, "\n    mtu=bytes"), *mac = strstr(text, "\n    mac=address");
        cr_assert(mtu && mac);
        cr_expect_eq(strstr(mtu, "68 to") - mtu, strstr(mac, "of the host") - mac, "%s", text);
}

Test(manual, an_entry_has_the_names_of_its_fields)
{
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(manual_message("D91A18F89481416095EEED7A2384C442", &text), 0);
        cr_expect_eq(strncmp(text, "Could not acquire VM ID\n", 24), 0, "%s", text);
        cr_expect(strstr(text, "systemctl status fcjail@ID\n"), "%s", text);
        cr_expect_null(strstr(text, "Defined-By"), "%s", text);
        cr_expect_null(strstr(text, "@FCJAIL_"), "%s", text);
}
