/* SPDX-License-Identifier: Apache-2.0 */

/* What a VMM may answer: the result must not depend on the pieces in which it comes. */

#include <sys/socket.h>

#include "api.h"
#include "fuzz.h"
#include "time-util.h"

/* All at once. */
static int ask(const uint8_t *data, size_t size, ApiReply *ret)
{
        int pair[2];

        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        CHECK(size == 0 || send(pair[1], data, size, 0) == (ssize_t) size);
        CHECK(shutdown(pair[1], SHUT_WR) == 0);
        int r = api_request(pair[0], "GET", "/", NULL, now_usec() + 5000000, -1, ret);
        (void) close(pair[0]);
        (void) close(pair[1]);
        return r;
}

/* SOCK_SEQPACKET hands out one piece per recv(). */
static int ask_in_pieces(const uint8_t *data, size_t size, size_t piece, ApiReply *ret)
{
        int pair[2];

        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        for (size_t i = 0; i < size; i += piece) {
                size_t n = size - i < piece ? size - i : piece;
                ssize_t sent = send(pair[1], data + i, n, 0);

                CHECK(sent == (ssize_t) n);
        }
        CHECK(shutdown(pair[1], SHUT_WR) == 0);
        int r = api_request(pair[0], "GET", "/", NULL, now_usec() + 5000000, -1, ret);
        (void) close(pair[0]);
        (void) close(pair[1]);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_api_reply_ ApiReply reply = {}, pieces = {};
        int r;

        if (size > 16384)
                return 0;
        r = ask(data, size, &reply);
        CHECK(r == 0 || r == -EBADMSG || r == -EFBIG || r == -ECONNRESET);
        CHECK(ask_in_pieces(data, size, size / 8 + 1, &pieces) == r);
        if (r < 0)
                return 0;

        CHECK(reply.status >= 100 && reply.status <= 599);
        CHECK(reply.size <= size && reply.body[reply.size] == '\0');
        CHECK(reply.status == pieces.status && reply.size == pieces.size);
        CHECK(memcmp(reply.body, pieces.body, reply.size) == 0);

        r = api_says_running(&reply);
        CHECK(r == 0 || r == 1 || r == -EBADMSG);
        CHECK(r < 0 || reply.status == 200);
        CHECK(r != 1 || memmem(reply.body, reply.size, "state", 5) || memchr(reply.body, '\\', reply.size));
        free(api_fault(&reply));
        return 0;
}
