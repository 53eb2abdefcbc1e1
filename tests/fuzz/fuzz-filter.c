/* SPDX-License-Identifier: Apache-2.0 */

/* A compiled filter: what is taken has a length that the kernel takes. */

#include "filter-read.h"
#include "fuzz.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ struct sock_filter *filter = NULL;
        _cleanup_free_ char *why = NULL;
        size_t n = 0;
        int fd = input_file(data, size);
        int r = filter_read(fd, &filter, &n, &why);

        (void) close(fd);
        CHECK(r == 0 || (r == -EBADMSG && why && utf8_valid(why)));
        if (r == 0) {
                /* A mark is put in front. */
                CHECK(n <= BPF_MAXINSNS && n * sizeof(*filter) > size && size > 0);
                CHECK(memcmp((char *) filter + n * sizeof(*filter) - size, data, size) == 0);
        }
        return 0;
}
