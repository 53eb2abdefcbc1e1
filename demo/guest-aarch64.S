/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's program on aarch64: says hello, tries the drives, waits for its end. */

#include "guest.h"

        .section .rodata
        .globl  guest_program, guest_program_size
        .balign 4
guest_program:
        mov     x1, #SERIAL
        mov     x3, x1
        adr     x2, hello
        bl      print

drive:  ldrb    w4, [x1, #(DISK + DISK_NEXT - SERIAL)]
        cbz     w4, idle
        strb    wzr, [x1, #(DISK + DISK_SECTOR - SERIAL)]
        ldrb    w0, [x1, #(DISK + DISK_READ - SERIAL)]
        cbz     w0, drive               /* the VMM has said why */
        adr     x2, read
        bl      print
text:   ldrb    w0, [x1, #(DISK + DISK_DATA - SERIAL)]
        sxtb    w5, w0                  /* signed: only ASCII is text */
        cmp     w5, #' '
        b.lt    end
        strb    w0, [x1]
        b       text
end:    adr     x2, quote
        bl      print

        cmp     w4, #DISK_WRITABLE
        b.ne    drive
        mov     w0, #1
        strb    w0, [x1, #(DISK + DISK_SECTOR - SERIAL)]
        add     x3, x1, #(DISK + DISK_DATA - SERIAL)
        adr     x2, trace
        bl      print
        mov     x3, x1
        ldrb    w0, [x1, #(DISK + DISK_WRITE - SERIAL)]
        cbz     w0, drive
        adr     x2, wrote
        bl      print
        b       drive

idle:   wfi
        b       idle

/* The string at X2 to the register at X3. */
print:  ldrb    w0, [x2], #1
        cbz     w0, done
        strb    w0, [x3]
        b       print
done:   ret

hello:  .asciz  "hello from guest\n"
read:   .asciz  "disk: read '"
quote:  .asciz  "'\n"
trace:  .asciz  "written by the guest\n"
wrote:  .asciz  "disk: wrote sector 1\n"

        .balign 4
guest_program_size:
        .long   . - guest_program
        .section .note.GNU-stack, "", @progbits
