/* SPDX-License-Identifier: Apache-2.0 */

/* A VMM that refuses every request with a text that is meant for the terminal of whoever asks. Its console says such a thing, too,
 * in one line that is also long. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* An escape sequence, a line of its own, DEL, and C1's own begin of a sequence. */
#define BODY "{\"fault_message\":\"no\\u001b[2J\\nfcjail: forged\",\n\t\"raw\":\"\x1b[2J\x7f\xc2\x9b\"}"

int main(void)
{
        const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/firecracker.socket" };
        char request[4096], filler[301];

        (void) memset(filler, 'x', sizeof(filler) - 1);
        filler[sizeof(filler) - 1] = '\0';
        (void) printf("\x1b[2J\xc2\x9b\xff%s\n", filler);
        (void) fflush(stdout);

        int listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (listen_fd < 0 || bind(listen_fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ||
            listen(listen_fd, 4) < 0)
                return 1;

        for (;;) {
                int fd = accept(listen_fd, NULL, NULL);

                /* A request of these tests is short, and comes in one piece. */
                if (fd >= 0 && read(fd, request, sizeof(request)) > 0)
                        (void) dprintf(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: %zu\r\n\r\n%s",
                                       sizeof(BODY) - 1, BODY);
                (void) close(fd);
        }
}
