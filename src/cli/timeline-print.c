/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "table.h"
#include "timeline.h"

/* A step that has nothing to do for this VM. */
#define NOTHING_USEC 10

/* "Sat 2026-11-28 06:14:01 UTC" */
#define TIME_LEN 64
static const char *time_string(uint64_t realtime_usec, char buf[TIME_LEN])
{
        const time_t t = (time_t) (realtime_usec / 1000000U);
        struct tm tm;

        if (!localtime_r(&t, &tm) || strftime(buf, TIME_LEN, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                (void) snprintf(buf, TIME_LEN, "@%lld", (long long) t);
        return buf;
}

static double msec(uint64_t usec)
{
        return (double) usec / 1000;
}

/* Where each phase ends at the latest: also that of INSIDE, which may be longer than the start. */
static uint64_t whole_usec(const Start *s)
{
        uint64_t end = s->usec > 0 ? s->usec : 1;

        FOREACH_ARRAY (p, s->phases, s->n_phases)
                if (p->start_usec + p->usec > end)
                        end = p->start_usec + p->usec;
        return end;
}

/* "inside " + name, start, time. */
#define LEFT_COLUMNS 34
#define BAR_MIN      10
#define BAR_MAX      100

static void print_bar(const Phase *p, uint64_t whole, unsigned width, FILE *f)
{
        const unsigned begin = (unsigned) (p->start_usec * width / whole),
                       end = (unsigned) ((p->start_usec + p->usec) * width / whole);

        for (unsigned i = 0; i < begin; i++)
                (void) fputc(' ', f);
        (void) fputs(end > begin ? "" : "▏", f);
        for (unsigned i = begin; i < end; i++)
                (void) fputs(p->inside ? "▒" : "█", f);
}

void start_print(const Start *s, const char *id, unsigned columns, FILE *f)
{
        const unsigned wanted = columns > LEFT_COLUMNS + BAR_MIN ? columns - LEFT_COLUMNS - 1 : BAR_MIN,
                       width = wanted < BAR_MAX ? wanted : BAR_MAX;
        const uint64_t whole = whole_usec(s);
        char buf[TIME_LEN];

        (void) fprintf(f, "VM '%s', process %" PRIu64 ", ready on %s after %.3f ms\n", id, s->pid,
                       time_string(s->realtime_usec, buf), msec(s->usec));
        (void) fprintf(f, "█ starter  ▒ the process that becomes the VMM\n\n%-10s %10s %10s\n", "STEP", "AT",
                       "TAKES");
        FOREACH_ARRAY (p, s->phases, s->n_phases) {
                if (p->usec < NOTHING_USEC)
                        continue;
                (void) fprintf(f, "%-10s %7.3f ms %7.3f ms ", p->name, msec(p->start_usec), msec(p->usec));
                print_bar(p, whole, width, f);
                (void) fputc('\n', f);
        }
}

/* In units of the picture. */
#define LINE_HEIGHT 20
#define PLOT_WIDTH  900
#define PLOT_LEFT   90
#define PLOT_TOP    50

static void draw_phase(const Phase *p, uint64_t whole, unsigned line, FILE *f)
{
        const double x = PLOT_LEFT + (double) p->start_usec * PLOT_WIDTH / (double) whole,
                     width = (double) p->usec * PLOT_WIDTH / (double) whole;
        const unsigned y = PLOT_TOP + line * LINE_HEIGHT;

        (void) fprintf(f, "<text x=\"8\" y=\"%u\">%s</text>\n", y + 14, p->name);
        (void) fprintf(f, "<rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%u\" class=\"%s\"/>\n", x,
                       y + 2, width > 0.5 ? width : 0.5, LINE_HEIGHT - 4U, p->inside ? "inside" : "outside");
        (void) fprintf(f, "<text x=\"%.1f\" y=\"%u\" class=\"time\">%.3f ms</text>\n", x + width + 4, y + 14,
                       msec(p->usec));
}

static void draw_grid(uint64_t whole, unsigned height, FILE *f)
{
        uint64_t step = 1000;

        while (whole / step > 12)
                step *= 10;
        for (uint64_t t = 0; t <= whole; t += step) {
                const double x = PLOT_LEFT + (double) t * PLOT_WIDTH / (double) whole;
                (void) fprintf(f, "<line x1=\"%.1f\" y1=\"%u\" x2=\"%.1f\" y2=\"%u\"/>\n", x, PLOT_TOP - 4U,
                               x, height - 8);
                (void) fprintf(f, "<text x=\"%.1f\" y=\"%u\" class=\"time\">%" PRIu64 " ms</text>\n", x + 2,
                               PLOT_TOP - 8U, t / 1000);
        }
}

void start_draw(const Start *s, const char *id, FILE *f)
{
        const uint64_t whole = whole_usec(s);
        unsigned n = 0, line = 0;
        char buf[TIME_LEN];

        FOREACH_ARRAY (p, s->phases, s->n_phases)
                n += p->usec >= NOTHING_USEC;
        const unsigned width = PLOT_LEFT + PLOT_WIDTH + 90U, height = PLOT_TOP + n * LINE_HEIGHT + 16;
        (void) fprintf(
                f,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n"
                "<style>\nrect.page { fill: #fff }\ntext { font: 12px sans-serif; fill: #222 }\n"
                "text.time { font-size: 10px; fill: #666 }\nline { stroke: #ddd }\n"
                "rect.outside { fill: #4477aa }\nrect.inside { fill: #ddaa33 }\n</style>\n"
                "<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n",
                width, height, width, height);
        (void) fprintf(f, "<text x=\"8\" y=\"18\">VM %s, ready on %s after %.3f ms</text>\n", id,
                       time_string(s->realtime_usec, buf), msec(s->usec));
        draw_grid(whole, height, f);
        FOREACH_ARRAY (p, s->phases, s->n_phases)
                if (p->usec >= NOTHING_USEC)
                        draw_phase(p, whole, line++, f);
        (void) fputs("</svg>\n", f);
}

static int compare_u64(const void *a, const void *b)
{
        const uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

static const TableColumn columns[] = {
        { "STEP" },
        { "50 %", .right = true },
        { "90 %", .right = true },
        { "99 %", .right = true },
        { "LONGEST", .right = true },
};

/* Of the columns behind the first. */
static const unsigned percents[] = { 50, 90, 99, 100 };

/* The smallest value that at least `percent` of them do not exceed. */
static uint64_t percentile(const uint64_t *sorted, size_t n, unsigned percent)
{
        const size_t rank = (n * percent + 99) / 100;

        return sorted[rank > 0 ? rank - 1 : 0];
}

/* None of a step that has nothing to do for this VM. */
static int add_row(Table *t, const char *name, uint64_t *values, size_t n)
{
        char text[32];
        int r;

        qsort(values, n, sizeof(*values), compare_u64);
        if (values[n - 1] < NOTHING_USEC)
                return 0;
        r = table_add(t, name, NULL);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(percents); i++) {
                (void) snprintf(text, sizeof(text), "%.3f ms", msec(percentile(values, n, percents[i])));
                r = table_add(t, text, NULL);
        }
        return r;
}

/* `values` has room for one of each start. */
static int add_rows(Table *t, const Starts *s, uint64_t *values)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < s->items[0].n_phases; k++) {
                for (size_t i = 0; i < s->n_items; i++)
                        values[i] = s->items[i].phases[k].usec;
                r = add_row(t, s->items[0].phases[k].name, values, s->n_items);
        }
        for (size_t i = 0; i < s->n_items; i++)
                values[i] = s->items[i].usec;
        return r < 0 ? r : add_row(t, "all", values, s->n_items);
}

int starts_print_percentiles(const Starts *s, const char *id, FILE *f)
{
        _cleanup_table_ Table t = { .columns = columns, .n_columns = ELEMENTSOF(columns) };
        _cleanup_free_ uint64_t *values = calloc(s->n_items + 1, sizeof(uint64_t));
        int r;

        if (!values)
                return -ENOMEM;
        if (s->n_items == 0)
                return 0;
        (void) fprintf(f, "VM '%s', starts: %zu\n\n", id, s->n_items);
        r = add_rows(&t, s, values);
        return r < 0 ? r : table_print(&t, f, /* width= */ 0, /* colors= */ false);
}
