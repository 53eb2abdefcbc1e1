/* SPDX-License-Identifier: Apache-2.0 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manual-texts.h"
#include "manual.h"

/* A piece of a text, of whole lines. */
typedef struct Piece {
        const char *s;
        size_t n;
} Piece;

static const char *next_line(const char *s)
{
        const char *newline = strchr(s, '\n');

        return newline ? newline + 1 : s + strlen(s);
}

/* "FCJAIL_UID=, FCJAIL_GID=": the paragraph of each. */
static bool heads_key(const char *line, const char *key)
{
        const size_t n = strlen(key);
        const char *end = next_line(line);

        for (const char *s = line; s < end; s++)
                if (strncmp(s, key, n) == 0 && s[n] == '=' && (s == line || s[-1] == ' '))
                        return true;
        return false;
}

static bool heads_status(const char *line, const char *status)
{
        const size_t n = strlen(status);

        return strncmp(line, status, n) == 0 && line[n] == ' ';
}

/* In the pages, what belongs to a line at the margin is indented. */
static Piece find_paragraph(const char *page, bool (*heads)(const char *line, const char *what),
                            const char *what)
{
        for (const char *line = page; *line; line = next_line(line)) {
                if (*line == ' ' || !heads(line, what))
                        continue;
                const char *end = next_line(line);
                while (*end == ' ' || *end == '\n')
                        end = next_line(end);
                return (Piece){ line, (size_t) (end - line) };
        }
        return (Piece){};
}

/* What follows "-- ID", up to the next. */
static Piece find_entry(const char *id)
{
        for (const char *line = catalog; *line; line = next_line(line)) {
                if (strncmp(line, "-- ", 3) != 0 || strncasecmp(line + 3, id, strlen(id)) != 0 ||
                    line[3 + strlen(id)] != '\n')
                        continue;
                const char *start = next_line(line), *end = start;
                while (*end && strncmp(end, "-- ", 3) != 0)
                        end = next_line(end);
                return (Piece){ start, (size_t) (end - start) };
        }
        return (Piece){};
}

/* A line of a table's frame. */
static bool is_rule(const char *line)
{
        const size_t n = strspn(line, " =");

        return n > 0 && line[n] == '\n';
}

/* The mark of reStructuredText at s, which is not shown: *emphasis*, **strong**, ``literal``, or a backslash, which takes a
 * blank with it. Its length, or 0. */
static size_t mark_length(const char *s, bool literal)
{
        if (strncmp(s, "``", 2) == 0 || (!literal && strncmp(s, "\\ ", 2) == 0))
                return 2;
        return !literal && (*s == '\\' || *s == '*') ? 1 : 0;
}

/* In a table, the next column stays where it is. */
static void put_plain(FILE *f, const char *line, const char *end)
{
        bool literal = false;
        size_t n, removed = 0;

        for (const char *s = line; s < end; s += n) {
                n = mark_length(s, literal);
                removed += n;
                if (*s == '`' && n > 0)
                        literal = !literal;
                if (*s == '\\' && n == 1) /* what it stands before is shown as it is */
                        (void) fputc(s[n++], f);
                if (n > 0)
                        continue;
                if (s > line && strncmp(s, "  ", 2) == 0)
                        for (; removed > 0; removed--)
                                (void) fputc(' ', f);
                (void) fputc(s[n++], f);
        }
}

static void put_paragraph(FILE *f, Piece p)
{
        for (const char *line = p.s; line < p.s + p.n; line = next_line(line))
                if (!is_rule(line))
                        put_plain(f, line, next_line(line));
}

/* The journal puts a field where the catalog has its name between two '@'. Here stands the name; "fcjail@" is none. */
static const char *put_field_name(FILE *f, const char *s)
{
        static const char prefix[] = "FCJAIL_", vm[] = "FCJAIL_VM_ID";
        const size_t n = strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        const char *name = s + 1, *end = name + n;

        if (n == 0 || *end != '@') {
                (void) fputc('@', f);
                return name;
        }
        if (n == strlen(vm) && strncmp(name, vm, n) == 0)
                name = end - strlen("ID");
        else if (strncmp(name, prefix, strlen(prefix)) == 0)
                name += strlen(prefix);
        (void) fwrite(name, 1, (size_t) (end - name), f);
        return end + 1;
}

static void put_entry(FILE *f, Piece p)
{
        static const char subject[] = "Subject: ", by[] = "Defined-By: ";
        for (const char *s = p.s; s < p.s + p.n;) {
                const bool starts = s == p.s || s[-1] == '\n';

                if (starts && strncmp(s, by, strlen(by)) == 0)
                        s = next_line(s);
                else if (starts && strncmp(s, subject, strlen(subject)) == 0)
                        s += strlen(subject);
                else if (*s == '@')
                        s = put_field_name(f, s);
                else
                        (void) fputc(*s++, f);
        }
}

static int piece_text(Piece p, void (*put)(FILE *f, Piece p), char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        if (!p.s)
                return -ENOENT;
        while (p.n > 1 && p.s[p.n - 1] == '\n' && p.s[p.n - 2] == '\n') /* empty lines */
                p.n--;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        put(f, p);
        if (fclose(f) != 0)
                return -ENOMEM;

        *ret = text;
        text = NULL;
        return 0;
}

int manual_key(const char *key, char **ret)
{
        return piece_text(find_paragraph(page_env, heads_key, key), put_paragraph, ret);
}

int manual_status(const char *status, char **ret)
{
        return piece_text(find_paragraph(page_fcjail, heads_status, status), put_paragraph, ret);
}

int manual_message(const char *id, char **ret)
{
        return piece_text(find_entry(id), put_entry, ret);
}
