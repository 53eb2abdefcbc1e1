/* SPDX-License-Identifier: Apache-2.0 */

#include <stdint.h>
#include <string.h>

#include "slips.h"

#define LEN_MAX 40

static size_t min(size_t a, size_t b)
{
        return a < b ? a : b;
}

size_t slips(const char *a, const char *b)
{
        size_t rows[3][LEN_MAX + 1], n = strlen(b), i;

        if (n > LEN_MAX || strlen(a) > LEN_MAX)
                return SIZE_MAX;
        for (size_t k = 0; k <= n; k++)
                rows[0][k] = k;

        for (i = 1; a[i - 1]; i++) {
                size_t *now = rows[i % 3], *before = rows[(i - 1) % 3];

                now[0] = i;
                for (size_t k = 1; k <= n; k++) {
                        now[k] = min(before[k - 1] + (a[i - 1] != b[k - 1]), 1 + min(before[k], now[k - 1]));
                        if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                                now[k] = min(now[k], rows[(i - 2) % 3][k - 2] + 1);
                }
        }

        return rows[(i - 1) % 3][n];
}
