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

/* All entries of a text, which they stay in. */
typedef struct Entries {
        EnvEntry *items;
        size_t n_items;
} Entries;

static Entries read_entries(char *text, size_t size, Diagnostics *d)
{
        Entries all = {};
        EnvFile f;
        EnvEntry e;
        int r;

        CHECK(env_file_begin(text, size, "fuzz", d, &f) == 0);
        while ((r = env_file_next(&f, &e)) > 0) {
                all.items = reallocarray(all.items, all.n_items + 1, sizeof(EnvEntry));
                CHECK(all.items);
                all.items[all.n_items++] = e;
        }
        CHECK(r == 0);
        return all;
}

static void check_again(const Entries *file)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        char *text = NULL;
        size_t size = 0;

        FILE *f = open_memstream(&text, &size);
        CHECK(f);
        FOREACH_ARRAY (e, file->items, file->n_items)
                print_quoted(f, e);
        CHECK(fclose(f) == 0);

        Entries again = read_entries(text, size, &d); /* open_memstream(3) has a NUL behind it */
        /* Quoted, the file may be larger than one may be. */
        if (d.n_items == 0) {
                CHECK(again.n_items == file->n_items);
                for (size_t i = 0; i < file->n_items; i++) {
                        CHECK(strcmp(again.items[i].key, file->items[i].key) == 0);
                        CHECK(strcmp(again.items[i].value, file->items[i].value) == 0);
                }
        } else
                CHECK(strstr(d.items[0].text, "too large"));
        free(again.items);
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
        return n;
}

static void check_plain(const char *s, const Entries *file)
{
        FOREACH_ARRAY (e, file->items, file->n_items) {
                size_t key = strlen(e->key), value = strlen(e->value);

                CHECK(e->line == (unsigned) (e - file->items) + 1);
                CHECK(memcmp(s, e->key, key) == 0 && s[key] == '=');
                CHECK(memcmp(s + key + 1, e->value, value) == 0 && s[key + 1 + value] == '\n');
                s += key + value + 2;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        /* Of exactly this size: a read behind it is seen. */
        char *text = malloc(size + 1);

        CHECK(text);
        if (size > 0)
                memcpy(text, data, size);
        Entries file = read_entries(text, size, &d);

        FOREACH_ARRAY (i, d.items, d.n_items) {
                CHECK(i->kind == DIAGNOSTIC_SYNTAX && utf8_valid(i->text));
                CHECK(!strpbrk(i->text, "\n\r\t\033"));
        }
        FOREACH_ARRAY (e, file.items, file.n_items) {
                CHECK(utf8_valid(e->key) && utf8_valid(e->value));
                CHECK(e->line >= 1 && e->line <= size + 1);
                CHECK(e->key[0] && strcspn(e->key, "= \t\"'\\\n\r#;") == strlen(e->key));
        }

        size_t plain = plain_lines((const char *) data, size);
        if (plain > 0 && size <= ENV_FILE_SIZE_MAX) {
                CHECK(d.n_items == 0 && file.n_items == plain);
                check_plain((const char *) data, &file);
        }
        check_again(&file);
        free(file.items);
        free(text);
        return 0;
}
