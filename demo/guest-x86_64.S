/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's program on x86_64, in real mode: says hello, tries the drives, waits for a key, resets. */

#include "guest.h"

#define AT(label) $(ENTRY + label - guest_program)

        .section .rodata
        .globl  guest_program, guest_program_size
        .code16
guest_program:
        mov     $SERIAL, %dx
        mov     AT(hello), %si
        call    print

drive:  in      $(DISK + DISK_NEXT), %al
        mov     %al, %bl
        test    %al, %al
        jz      idle
        mov     $0, %al
        out     %al, $(DISK + DISK_SECTOR)
        in      $(DISK + DISK_READ), %al
        test    %al, %al
        jz      drive                   /* the VMM has said why */
        mov     AT(read), %si
        call    print
text:   in      $(DISK + DISK_DATA), %al
        cmp     $' ', %al               /* signed: only ASCII is text */
        jl      end
        out     %al, %dx
        jmp     text
end:    mov     AT(quote), %si
        call    print

        cmp     $DISK_WRITABLE, %bl
        jne     drive
        mov     $1, %al
        out     %al, $(DISK + DISK_SECTOR)
        mov     $(DISK + DISK_DATA), %dx
        mov     AT(trace), %si
        call    print
        mov     $SERIAL, %dx
        in      $(DISK + DISK_WRITE), %al
        test    %al, %al
        jz      drive
        mov     AT(wrote), %si
        call    print
        jmp     drive

idle:   hlt
        in      $KBD, %al
        test    $KBD_AVAILABLE, %al
        jz      idle
        in      $KBD_DATA, %al
        mov     $KBD_RESET, %al
        out     %al, $KBD
        jmp     idle

/* The string at SI to the port DX. */
print:  lodsb
        test    %al, %al
        jz      done
        out     %al, %dx
        jmp     print
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
