/* SPDX-License-Identifier: Apache-2.0 */

/* An env file. What is read is written down again with all quotes and must be read as the same. */

#include "env-file.h"
#include "fuzz.h"
#include "text.h"

static void print_quoted(FILE *f, const EnvEntry *e)
{
        fprintf(f, "%s=\"", e->key);
        for (const char *p = e->value; *p; p++) {
                /* A backslash may stand for itself before what it does not change. */
                bool alone = *p == '\\' && p[1] && !strchr("\"\\`$\n\r", p[1]);

                if (strchr("\"\\`$", *p) && !alone)
                        fputc('\\', f);
                fputc(*p, f);
        }
        fprintf(f, "\"\n");
}

static void check_again(const EnvFile *file)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_env_file_ EnvFile again = {};
        char *text = NULL;
        size_t size = 0;

        FILE *f = open_memstream(&text, &size);
        CHECK(f);
        FOREACH_ARRAY (e, file->entries, file->n_entries)
                print_quoted(f, e);
        CHECK(fclose(f) == 0);

        /* Quoted, the file may be larger than one may be, or have more lines. */
        CHECK(env_file_parse(text, size, "again", &d, &again) == 0);
        if (d.n_items == 0) {
                CHECK(again.n_entries == file->n_entries);
                for (size_t i = 0; i < file->n_entries; i++) {
                        CHECK(strcmp(again.entries[i].key, file->entries[i].key) == 0);
                        CHECK(strcmp(again.entries[i].value, file->entries[i].value) == 0);
                }
        } else
                CHECK(strstr(d.items[0].text, "too l")); /* too long, too large */
        free(text);
}

/* The reference for a file of nothing but plain lines: [A-Z]+=[a-z0-9]+. Their number, or 0: it is another file. */
static size_t plain_lines(const char *s, size_t size)
{
        size_t n = 0;

        for (const char *end = s + size; s < end; n++) {
                size_t key = 0, value = 0;

                while (s < end && *s >= 'A' && *s <= 'Z')
                        s++, key++;
                if (key == 0 || s == end || *s++ != '=')
                        return 0;
                while (s < end && ((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9')))
                        s++, value++;
                if (value == 0 || s == end || *s++ != '\n')
                        return 0;
        }
        return n <= ENV_FILE_LINES_MAX ? n : 0;
}

static void check_plain(const char *s, const EnvFile *file)
{
        FOREACH_ARRAY (e, file->entries, file->n_entries) {
                size_t key = strlen(e->key), value = strlen(e->value);

                CHECK(e->line == (unsigned) (e - file->entries) + 1);
                CHECK(memcmp(s, e->key, key) == 0 && s[key] == '=');
                CHECK(memcmp(s + key + 1, e->value, value) == 0 && s[key + 1 + value] == '\n');
                s += key + value + 2;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_env_file_ EnvFile file = {};
        /* Of exactly this size: a read behind it is seen. */
        char *text = malloc(size + (size == 0));

        CHECK(text);
        if (size > 0)
                memcpy(text, data, size);
        CHECK(env_file_parse(text, size, "fuzz", &d, &file) == 0);

        FOREACH_ARRAY (i, d.items, d.n_items) {
                CHECK(i->kind == DIAGNOSTIC_SYNTAX && utf8_valid(i->text));
                CHECK(!strpbrk(i->text, "\n\r\t\033"));
        }
        FOREACH_ARRAY (e, file.entries, file.n_entries) {
                CHECK(utf8_valid(e->key) && utf8_valid(e->value));
                CHECK(e->line >= 1 && e->line <= ENV_FILE_LINES_MAX);
                CHECK(e->key[0] && strcspn(e->key, "= \t\"'\\\n\r#;") == strlen(e->key));
        }

        size_t plain = plain_lines(text, size);
        if (plain > 0 && size <= ENV_FILE_SIZE_MAX) {
                CHECK(d.n_items == 0 && file.n_entries == plain);
                check_plain(text, &file);
        }
        check_again(&file);
        free(text);
        return 0;
}
