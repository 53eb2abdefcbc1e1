/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A table for people: a header, and columns that are as wide as their widest cell. On a terminal that is too narrow, columns that
 * may be shortened are, and then the least important ones are left out. What is no terminal gets everything.
 */

#include <stdio.h>

#include "macro.h"

typedef struct TableColumn {
        const char *title;
        bool right;       /* its cells end in one column, as numbers should */
        unsigned rank;    /* 0: always shown; of the others, the highest is the first to be left out */
        size_t min_width; /* it may be shortened to that, with "…"; 0: it may not */
} TableColumn;

typedef struct TableCell {
        char *text;
        const char *color; /* an escape sequence, borrowed; NULL: none */
} TableCell;

typedef struct Table {
        const TableColumn *columns; /* borrowed */
        size_t n_columns;
        TableCell *cells; /* row by row */
        size_t n_cells;
        size_t room;
} Table;

void table_done(Table *t);
#define _cleanup_table_ _cleanup_(table_done)

/* The next cell, left to right, row by row. Copies the text, in which the caller has escaped what could move the cursor
 * (text_escape()); NULL or "" is shown as "-". 0 or -ENOMEM. */
int table_add(Table *t, const char *text, const char *color) _must_check_;

/* In columns of a terminal: $COLUMNS, or what the terminal says, or 80. 0: fd is no terminal, so there is no limit. */
size_t table_width(int fd);

/* Prints the header and all rows that are complete; a width of 0 is no limit. 0, -ENOMEM or -EIO. */
int table_print(const Table *t, FILE *f, size_t width, bool colors) _must_check_;
