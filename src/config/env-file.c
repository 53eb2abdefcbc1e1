/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What EnvironmentFile= takes (systemd.exec(5)), with the same meaning:
 *
 *   - blank lines, and lines whose first character is # or ;, mean nothing;
 *   - KEY=value, blanks around both are dropped;
 *   - '…' keeps everything up to the next ', line ends too;
 *   - "…" also, but \" \\ \` \$ are the character itself and a backslash before a line end joins the lines;
 *   - quotes are such only at the start of a value or after another quoted part: a"b" has quotes in its
 * value;
 *   - elsewhere a backslash keeps the next character, blanks too, and joins the lines before a line end.
 *
 * systemd drops what it does not understand and goes on; here that is an error, because a line nobody reads
 * is a setting that somebody believes in. Where versions of systemd differ, the newest one counts: a comment
 * ends at the end of its line even after a backslash (since systemd 254). CR LF ends a line, but a backslash
 * does not join lines there; CR alone is an error.
 *
 * First the bytes are checked, all of them, so that the scanner behind only meets text of a bounded size.
 */

#include <stdint.h>
#include <string.h>

#include "env-file.h"
#include "text.h"

typedef struct Scan {
        const char *p, *end;
        unsigned line;
        const char *name;
        Diagnostics *d;
        char *value; /* scratch; no value is longer than the file it is in */
        size_t n_value;
        EnvFile file;
} Scan;

void env_file_done(EnvFile *f)
{
        FOREACH_ARRAY (e, f->entries, f->n_entries) {
                free(e->key);
                free(e->value);
        }
        free(f->entries);
        *f = (EnvFile){};
}

/* An error is told, and the scan goes on; only the lack of memory ends it. */
static int told(int r)
{
        return r == -EBADMSG ? 0 : r;
}

#define complain(scan, line, ...)                                                                           \
        told(diagnostics_add((scan)->d, DIAGNOSTIC_SYNTAX, (scan)->name, line, NULL, __VA_ARGS__))

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

/* Length of the line end at p, 0 if there is none. */
static size_t newline_at(const char *p, const char *end)
{
        if (p < end && *p == '\n')
                return 1;
        return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* What makes the character at p unfit, or NULL and its length. */
static const char *char_problem(const char *p, const char *end, size_t *ret_len)
{
        uint32_t c;
        int len;

        len = utf8_decode(p, (size_t) (end - p), &c);
        if (len == -ERANGE)
                return "the line contains a character that text must not contain (U+FEFF or a noncharacter)";
        if (len < 0)
                return "the line is not valid UTF-8";
        if (c == '\0')
                return "the line contains a NUL byte";
        if (c == '\r' && newline_at(p, end) == 0)
                return "the line contains a carriage return";

        *ret_len = (size_t) len;
        return NULL;
}

/* Returns 1 if the line, from p to its end or the end of the file, is fit to be scanned, 0 after an error.
 */
static int check_line(Scan *s, unsigned line, const char *p, const char *end)
{
        size_t len = 0;

        if (line > ENV_FILE_LINES_MAX)
                return complain(s, line, "the file is too long (%i lines at most)", ENV_FILE_LINES_MAX);

        for (; p < end; p += len) {
                const char *problem = char_problem(p, end, &len);
                if (problem)
                        return complain(s, line, "%s", problem);
        }

        return 1;
}

static bool has_byte_order_mark(const Scan *s)
{
        static const char mark[] = "\xef\xbb\xbf";

        return (size_t) (s->end - s->p) >= strlen(mark) && memcmp(s->p, mark, strlen(mark)) == 0;
}

/* Returns 1 if all lines are fit, 0 after one error about the first that is not. */
static int check_bytes(Scan *s)
{
        unsigned line = 1;
        int r = 1;

        if (s->end - s->p > ENV_FILE_SIZE_MAX)
                return complain(s, 0, "the file is too large (%i bytes at most)", ENV_FILE_SIZE_MAX);
        if (has_byte_order_mark(s))
                return complain(s, line,
                                "the file begins with a byte order mark; save it without one, or run `sed "
                                "-i '1s/^\\xEF\\xBB\\xBF//'` on it");

        for (const char *p = s->p; p < s->end && r > 0; line++) {
                const char *lf = memchr(p, '\n', (size_t) (s->end - p));
                const char *next = lf ? lf + 1 : s->end;

                r = check_line(s, line, p, next);
                p = next;
        }

        return r;
}

/* Steps over the line end, if there is one. */
static bool skip_newline(Scan *s)
{
        size_t n = newline_at(s->p, s->end);

        s->p += n;
        s->line += n > 0;
        return n > 0;
}

/* A backslash joins two lines here, and only here. */
static bool skip_lf(Scan *s)
{
        return s->p < s->end && *s->p == '\n' && skip_newline(s);
}

static bool at_line_end(const Scan *s)
{
        return s->p >= s->end || newline_at(s->p, s->end) > 0;
}

static void skip_blanks(Scan *s)
{
        while (s->p < s->end && is_blank(*s->p))
                s->p++;
}

static void take(Scan *s)
{
        if (*s->p == '\n')
                s->line++;
        s->value[s->n_value++] = *s->p++;
}

/* After a backslash in "…". */
static void take_escaped_in_quotes(Scan *s)
{
        if (s->p >= s->end || skip_lf(s))
                return;
        if (!strchr("\"\\`$", *s->p))
                s->value[s->n_value++] = '\\';
        take(s);
}

static int scan_quoted(Scan *s)
{
        char quote = *s->p++;
        unsigned line = s->line;

        while (s->p < s->end && *s->p != quote)
                if (quote == '"' && *s->p == '\\') {
                        s->p++;
                        take_escaped_in_quotes(s);
                } else
                        take(s);

        if (s->p >= s->end)
                return complain(s, line, "a quoted value is not closed with %c before the end of the file",
                                quote);

        s->p++;
        return 1;
}

static int scan_plain(Scan *s)
{
        size_t keep = s->n_value; /* up to the last character that is no blank */

        while (!at_line_end(s)) {
                bool escaped = *s->p == '\\';

                if (escaped && ++s->p >= s->end)
                        return complain(s, s->line, "a backslash at the end of the file joins no line");
                if (escaped && at_line_end(s))
                        skip_lf(s); /* if it is CR LF the value ends here */
                else {
                        escaped = escaped || !is_blank(*s->p);
                        take(s);
                }
                if (escaped)
                        keep = s->n_value;
        }

        s->n_value = keep;
        return 1;
}

/* Returns 1 with the value in the scratch buffer, 0 after an error. */
static int scan_value(Scan *s)
{
        int r;

        s->n_value = 0;
        for (;;) {
                skip_blanks(s);
                if (at_line_end(s))
                        return 1;
                if (*s->p != '"' && *s->p != '\'')
                        return scan_plain(s);
                r = scan_quoted(s);
                if (r <= 0)
                        return r;
        }
}

#define KEY_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define KEY_CHARS KEY_FIRST "0123456789"

static bool key_valid(const char *key)
{
        return strspn(key, KEY_FIRST) > 0 && strspn(key, KEY_CHARS) == strlen(key);
}

/* Takes the key. */
static int push(EnvFile *f, char **key, const char *value, size_t n_value, unsigned line)
{
        EnvEntry *entries = reallocarray(f->entries, f->n_entries + 1, sizeof(EnvEntry));
        if (!entries)
                return -ENOMEM;
        f->entries = entries;

        char *copy = strndup(value, n_value);
        if (!copy)
                return -ENOMEM;

        f->entries[f->n_entries++] = (EnvEntry){ .key = TAKE_PTR(*key), .value = copy, .line = line };
        return 0;
}

/* The text up to the '=' or the end of the line, without the blanks after it. NULL: no memory. */
static char *scan_key(Scan *s)
{
        const char *start = s->p, *end = s->p;

        for (; !at_line_end(s) && *s->p != '='; s->p++)
                if (!is_blank(*s->p))
                        end = s->p + 1;

        return strndup(start, (size_t) (end - start));
}

static int scan_assignment(Scan *s)
{
        unsigned line = s->line;
        CutText cut;
        int r;

        _cleanup_free_ char *key = scan_key(s);
        if (!key)
                return -ENOMEM;
        if (at_line_end(s))
                return complain(s, line, "'%s' is not an assignment (KEY=value)", text_cut(&cut, key));

        s->p++;
        r = scan_value(s);
        if (r <= 0)
                return r;
        if (!key_valid(key))
                return complain(s, line, "'%s' is not a key (letters, digits and _)", text_cut(&cut, key));

        return push(&s->file, &key, s->value, s->n_value, line);
}

static int scan_all(Scan *s)
{
        int r = 0;

        while (r >= 0) {
                skip_blanks(s);
                if (skip_newline(s))
                        continue;
                if (s->p >= s->end)
                        return 0;
                if (*s->p == '#' || *s->p == ';')
                        while (!at_line_end(s))
                                s->p++;
                else
                        r = scan_assignment(s);
        }

        return r;
}

int env_file_parse(const char *data, size_t size, const char *name, Diagnostics *d, EnvFile *ret)
{
        Scan s = { .p = data, .end = data + size, .line = 1, .name = name, .d = d };
        int r;

        r = check_bytes(&s);
        if (r > 0) {
                _cleanup_free_ char *value = s.value = malloc(size + 1);

                r = value ? scan_all(&s) : -ENOMEM;
        }
        if (r < 0) {
                env_file_done(&s.file);
                return r;
        }

        *ret = s.file;
        return 0;
}
