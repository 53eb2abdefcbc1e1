/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "jailer-words.h"

/* Of two that begin alike the longer one comes first. A setting of jailer.env stays as it is. */
static const struct {
        const char *setting, *option;
} words[] = {
        { "set FCJAIL_NETNS=host", "leave out --netns" },
        { "set another FCJAIL_CHROOT_DIR=", "give another --chroot-base-dir" },
        { "set another FCJAIL_GID= or", "give another --gid, or set another" },
        { "set FCJAIL_UID=", "give --uid" },
        { "FCJAIL_API=", "--api-sock" },
        { "FCJAIL_CHROOT_DIR=", "--chroot-base-dir" },
        { "FCJAIL_GID=", "--gid" },
        { "FCJAIL_NETNS=", "--netns" },
        { "FCJAIL_UID=", "--uid" },
        { "FCJAIL_VMM=", "--exec-file" },
        { "FCJAIL_VMM_ARGS=", "the arguments behind --" },
};

char *jailer_words(const char *text)
{
        char *said = NULL;
        size_t size;

        FILE *f = open_memstream(&said, &size);
        if (!f)
                return NULL;
        while (*text) {
                size_t i = 0, n = 1;

                while (i < ELEMENTSOF(words) &&
                       strncmp(text, words[i].setting, strlen(words[i].setting)) != 0)
                        i++;
                if (i < ELEMENTSOF(words)) {
                        n = strlen(words[i].setting);
                        (void) fputs(words[i].option, f);
                } else
                        (void) putc(*text, f);
                text += n;
        }
        if (fclose(f) == 0)
                return said;
        free(said);
        return NULL;
}
