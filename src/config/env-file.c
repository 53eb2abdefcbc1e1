/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What EnvironmentFile= takes (systemd.exec(5)), with the same meaning:
 *
 *   - blank lines, and lines whose first character is # or ;, mean nothing;
 *   - KEY=value, blanks around both are dropped;
 *   - '…' keeps everything up to the next ', also line ends;
 *   - "…" does the same, but \" \\ \` \$ are the character itself and a backslash before a line end joins the lines;
 *   - quotes are such only at the start of a value or after another quoted part: a"b" has quotes in its
 * value;
 *   - elsewhere a backslash keeps the next character, also a blank, and joins the lines before a line end.
 *
 * systemd skips what it does not understand. Here that is an error, because the author of the line believes that the setting
 * applies. Where versions of systemd differ, the newest one counts: a comment
 * ends at the end of its line even after a backslash (since systemd 254). CR LF ends a line, but a backslash
 * does not join lines there; CR alone is an error.
 *
 * First the bytes are checked, all of them, so that the scanner behind only meets text of a bounded size. It
 * writes keys and values, which are never longer than what stands for them, into the text itself.
 */

#include <stdint.h>
#include <string.h>

#include "env-file.h"
#include "text.h"

#define complain(file, line, ...)                                                                           \
        diagnostics_go_on(diagnostics_add((file)->d, DIAGNOSTIC_SYNTAX,                                     \
                                          &(const Place){ PLACE_FILE, (file)->name, line }, NULL,           \
                                          __VA_ARGS__))

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

/* Why the character at p is invalid, or NULL and its length. */
static const char *char_problem(const char *p, const char *end, size_t *ret_len)
{
        uint32_t c;
        int len;

        len = utf8_decode(p, (size_t) (end - p), &c);
        if (len == -ERANGE)
                return "the line contains an invalid character (U+FEFF or a noncharacter)";
        if (len < 0)
                return "the line is not valid UTF-8";
        if (c == '\0')
                return "the line contains a NUL byte";
        if (c == '\r' && newline_at(p, end) == 0)
                return "the line contains a carriage return";

        *ret_len = (size_t) len;
        return NULL;
}

static bool has_byte_order_mark(const EnvFile *f)
{
        static const char mark[] = "\xef\xbb\xbf";

        return (size_t) (f->end - f->p) >= strlen(mark) && memcmp(f->p, mark, strlen(mark)) == 0;
}

/* Returns 1 if the text can be scanned, 0 after one error about the first line that cannot. */
static int check_bytes(const EnvFile *f)
{
        unsigned line = 1;
        size_t len = 0;

        if (f->end - f->p > ENV_FILE_SIZE_MAX)
                return complain(f, 0, "the file is too large (%i bytes at most)", ENV_FILE_SIZE_MAX);
        if (has_byte_order_mark(f))
                return complain(
                        f, line,
                        "the file begins with a byte order mark; save it without one, or run `sed -i '1s/^\\xEF\\xBB\\xBF//'` on it");

        for (const char *p = f->p; p < f->end; p += len) {
                const char *problem = char_problem(p, f->end, &len);

                if (problem)
                        return complain(f, line, "%s", problem);
                line += *p == '\n';
        }

        return 1;
}

/* Steps over the line end, if there is one. */
static bool skip_newline(EnvFile *f)
{
        size_t n = newline_at(f->p, f->end);

        f->p += n;
        f->line += n > 0;
        return n > 0;
}

/* A backslash joins two lines here, and only here. */
static bool skip_lf(EnvFile *f)
{
        return f->p < f->end && *f->p == '\n' && skip_newline(f);
}

static bool at_line_end(const EnvFile *f)
{
        return f->p >= f->end || newline_at(f->p, f->end) > 0;
}

static void skip_blanks(EnvFile *f)
{
        while (f->p < f->end && is_blank(*f->p))
                f->p++;
}

/* Puts the next character at *out, which is never ahead of it. */
static void take_token(EnvFile *f, char **out)
{
        if (*f->p == '\n')
                f->line++;
        *(*out)++ = *f->p++;
}

/* After a backslash in "…". */
static void take_escaped_in_quotes(EnvFile *f, char **out)
{
        if (f->p >= f->end || skip_lf(f))
                return;
        if (!strchr("\"\\`$", *f->p))
                *(*out)++ = '\\';
        take_token(f, out);
}

static int scan_quoted(EnvFile *f, char **out)
{
        char quote = *f->p++;
        unsigned line = f->line;

        while (f->p < f->end && *f->p != quote)
                if (quote == '"' && *f->p == '\\') {
                        f->p++;
                        take_escaped_in_quotes(f, out);
                } else
                        take_token(f, out);

        if (f->p >= f->end)
                return complain(f, line, "the quoted value has no closing %c", quote);

        f->p++;
        return 1;
}

static int scan_plain(EnvFile *f, char **out)
{
        char *keep = *out; /* behind the last character that is no blank */

        while (!at_line_end(f)) {
                bool escaped = *f->p == '\\';

                if (escaped && ++f->p >= f->end)
                        return complain(f, f->line, "the file ends with a backslash");
                if (escaped && at_line_end(f))
                        skip_lf(f); /* if it is CR LF the value ends here */
                else {
                        escaped = escaped || !is_blank(*f->p);
                        take_token(f, out);
                }
                if (escaped)
                        keep = *out;
        }

        *out = keep;
        return 1;
}

/* Returns 1 with the value from *out's old place to its new one, 0 after an error. */
static int scan_value(EnvFile *f, char **out)
{
        int r;

        for (;;) {
                skip_blanks(f);
                if (at_line_end(f))
                        return 1;
                if (*f->p != '"' && *f->p != '\'')
                        return scan_plain(f, out);
                r = scan_quoted(f, out);
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

/* Goes to the '=' or the end of the line, and returns where the key ends: there, or at the blanks before. */
static char *scan_key(EnvFile *f)
{
        char *end = f->p;

        for (; !at_line_end(f) && *f->p != '='; f->p++)
                if (!is_blank(*f->p))
                        end = f->p + 1;

        return end;
}

/* Returns 1 with an entry, 0 after an error. */
static int scan_assignment(EnvFile *f, EnvEntry *ret)
{
        char *key = f->p, *key_end = scan_key(f), *value, *value_end;
        bool assignment = !at_line_end(f);
        unsigned line = f->line;
        CutText cut;
        int r = 0;

        if (assignment)
                f->p++;
        value = value_end = f->p;
        if (assignment)
                r = scan_value(f, &value_end);
        skip_newline(f); /* an end may be put there now */
        *key_end = '\0';
        if (!assignment)
                return complain(f, line, "'%s' is not an assignment (KEY=value)", text_cut(&cut, key));
        if (r <= 0)
                return r;
        if (!key_valid(key))
                return complain(f, line, "invalid key '%s'; use letters, digits and _", text_cut(&cut, key));

        *value_end = '\0';
        *ret = (EnvEntry){ .key = key, .value = value, .line = line };
        return 1;
}

static void skip_comment(EnvFile *f)
{
        while (!at_line_end(f))
                f->p++;
}

int env_file_next(EnvFile *f, EnvEntry *ret)
{
        int r;

        for (;;) {
                skip_blanks(f);
                if (f->p >= f->end)
                        return 0;
                if (skip_newline(f))
                        continue;
                if (*f->p == '#' || *f->p == ';') {
                        skip_comment(f);
                        continue;
                }
                r = scan_assignment(f, ret);
                if (r != 0)
                        return r;
        }
}

int env_file_begin(char *data, size_t size, const char *name, Diagnostics *d, EnvFile *ret)
{
        EnvFile f = { .p = data, .end = data + size, .line = 1, .name = name, .d = d };
        int r;

        r = check_bytes(&f);
        if (r < 0)
                return r;
        if (r == 0)
                f.p = f.end;

        *ret = f;
        return 0;
}
