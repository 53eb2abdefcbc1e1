/* SPDX-License-Identifier: Apache-2.0 */

/* A character counts as one column of the terminal: the C locale of a static program knows no better, and what is shown here
 * are names and numbers. */

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "parse.h"
#include "table.h"
#include "terminal.h"

#define GAP      1 /* between two columns */
#define NO_WIDTH 80
#define ELLIPSIS "…"

void table_done(Table *t)
{
        FOREACH_ARRAY (c, t->cells, t->n_cells)
                free(c->text);
        free(t->cells);
        *t = (Table){};
}

int table_add(Table *t, const char *text, const char *color)
{
        if (t->n_cells == t->room) {
                const size_t room = t->room > 0 ? 2 * t->room : 64;
                TableCell *longer = reallocarray(t->cells, room, sizeof(*longer));
                if (!longer)
                        return -ENOMEM;
                t->cells = longer;
                t->room = room;
        }

        TableCell *cell = &t->cells[t->n_cells];
        cell->text = strdup(text && text[0] ? text : "-");
        if (!cell->text)
                return -ENOMEM;
        cell->color = color;
        t->n_cells++;
        return 0;
}

size_t table_width(int fd)
{
        const char *columns = getenv("COLUMNS");
        struct winsize size = {};
        uint32_t n;

        if (!isatty(fd))
                return 0;
        if (columns && parse_u32(columns, 1, UINT16_MAX, &n) >= 0)
                return n;
        return ioctl(fd, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0 ? size.ws_col : NO_WIDTH;
}

static bool begins_character(char c)
{
        return ((unsigned char) c & 0xc0) != 0x80;
}

static size_t text_width(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += begins_character(*s);
        return n;
}

/* The bytes of the first n characters. */
static size_t bytes_of(const char *s, size_t n)
{
        size_t i = 0;

        for (; s[i]; i++)
                if (begins_character(s[i]) && n-- == 0)
                        break;
        return i;
}

/* A width of 0: the column is left out. */
static size_t total_width(const Table *t, const size_t *widths)
{
        size_t sum = 0;

        for (size_t i = 0; i < t->n_columns; i++)
                if (widths[i] > 0)
                        sum += widths[i] + (sum > 0 ? GAP : 0);
        return sum;
}

static void natural_widths(const Table *t, size_t *ret)
{
        for (size_t i = 0; i < t->n_columns; i++)
                ret[i] = text_width(t->columns[i].title);
        for (size_t i = 0; i < t->n_cells; i++) {
                const size_t n = text_width(t->cells[i].text);
                size_t *width = &ret[i % t->n_columns];
                *width = n > *width ? n : *width;
        }
}

/* The rightmost of those that may be shortened gives first. true: it suffices. */
static bool shorten(const Table *t, size_t width, size_t *widths)
{
        for (size_t i = t->n_columns; i > 0; i--) {
                const size_t min = t->columns[i - 1].min_width, total = total_width(t, widths);
                size_t *w = &widths[i - 1];

                if (total <= width)
                        return true;
                if (min == 0 || *w <= min)
                        continue;
                *w = *w - min > total - width ? *w - (total - width) : min;
        }
        return total_width(t, widths) <= width;
}

/* false: only those are left that are always shown. */
static bool leave_one_out(const Table *t, size_t *widths)
{
        size_t worst = 0;
        unsigned rank = 0;

        for (size_t i = 0; i < t->n_columns; i++)
                if (widths[i] > 0 && t->columns[i].rank > rank) {
                        rank = t->columns[i].rank;
                        worst = i;
                }
        if (rank > 0)
                widths[worst] = 0;
        return rank > 0;
}

static void fit(const Table *t, size_t width, size_t *widths, size_t *scratch)
{
        const size_t size = t->n_columns * sizeof(*widths);

        if (width == 0)
                return;
        do {
                memcpy(scratch, widths, size);
                if (shorten(t, width, scratch)) {
                        memcpy(widths, scratch, size);
                        return;
                }
        } while (leave_one_out(t, widths));
        memcpy(widths, scratch, size); /* and the terminal breaks the line */
}

static void pad(FILE *f, size_t n)
{
        (void) fprintf(f, "%*s", (int) n, "");
}

/* Nothing is padded at the end of a line. */
static void print_cell(FILE *f, const char *text, size_t width, bool right, bool last, const char *color)
{
        const size_t n = text_width(text);
        const bool cut = n > width;
        const size_t bytes = cut ? bytes_of(text, width - 1) : strlen(text);

        if (right && !cut)
                pad(f, width - n);
        (void) fprintf(f, "%s%.*s%s%s", color ? color : "", (int) bytes, text, cut ? ELLIPSIS : "",
                       color ? COLOR_OFF : "");
        if (!right && !cut && !last)
                pad(f, width - n);
}

/* row: NULL for the header. */
static void print_row(const Table *t, const TableCell *row, const size_t *widths, FILE *f, bool colors)
{
        size_t last = 0;
        bool first = true;

        for (size_t i = 0; i < t->n_columns; i++)
                last = widths[i] > 0 ? i : last;
        for (size_t i = 0; i < t->n_columns; i++) {
                if (widths[i] == 0)
                        continue;
                if (!first)
                        pad(f, GAP);
                first = false;
                print_cell(f, row ? row[i].text : t->columns[i].title, widths[i], t->columns[i].right,
                           i == last,
                           !colors ? NULL
                           : row   ? row[i].color
                                   : COLOR_HEADER);
        }
        (void) fputc('\n', f);
}

int table_print(const Table *t, FILE *f, size_t width, bool colors)
{
        _cleanup_free_ size_t *widths = calloc(t->n_columns, sizeof(*widths)),
                              *scratch = calloc(t->n_columns, sizeof(*scratch));

        if (!widths || !scratch)
                return -ENOMEM;
        natural_widths(t, widths);
        fit(t, width, widths, scratch);
        print_row(t, NULL, widths, f, colors);
        for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns)
                print_row(t, t->cells + i, widths, f, colors);
        return fflush(f) != 0 || ferror(f) ? -EIO : 0;
}
