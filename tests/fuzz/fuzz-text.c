/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 against libc's decoder, and that what is shown is harmless. */

#include <locale.h>
#include <wchar.h>

#include "fuzz.h"
#include "text.h"

static void check_decode(const char *s, size_t n)
{
        while (n > 0) {
                mbstate_t state = {};
                wchar_t w = 0;
                uint32_t c;
                int len = utf8_decode(s, n, &c);
                size_t want = mbrtowc(&w, s, n, &state);

                if (len > 0) {
                        CHECK(len <= 4 && (size_t) len <= n);
                        CHECK(w == (wchar_t) c && want == (c == 0 ? 0 : (size_t) len));
                } else
                        /* What libc takes and we do not. */
                        CHECK(want > 4 || w == 0xfeff || (w & 0xfffe) == 0xfffe ||
                              (w >= 0xfdd0 && w <= 0xfdef) || (w >= 0xd800 && w <= 0xdfff) || w > 0x10ffff);
                s += len > 0 ? len : 1;
                n -= len > 0 ? (size_t) len : 1;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool initialized;
        _cleanup_free_ char *s = input_string(data, size);
        CutText cut;

        if (!initialized)
                CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
        initialized = true;

        check_decode((const char *) data, size);

        _cleanup_free_ char *escaped = text_escape(s);
        CHECK(escaped && utf8_valid(escaped));
        for (const char *p = escaped; *p; p++)
                CHECK((unsigned char) *p >= ' ' && *p != 0x7f);
        /* Nothing is left to be escaped. */
        _cleanup_free_ char *again = text_escape(escaped);
        CHECK(again && strcmp(again, escaped) == 0);

        const char *short_text = text_cut(&cut, s);
        size_t n = strlen(short_text);
        if (strlen(s) <= TEXT_CUT_MAX)
                CHECK(strcmp(short_text, s) == 0);
        else {
                n -= strlen("…");
                CHECK(n <= TEXT_CUT_MAX && memcmp(short_text, s, n) == 0 &&
                      strcmp(short_text + n, "…") == 0);
                CHECK(!utf8_valid(s) || utf8_valid(short_text));
        }
        return 0;
}
