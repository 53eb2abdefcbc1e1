/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest kernel of a few lines for Firecracker, which enters an ELF64 image in 64-bit mode: says hello on the
 * serial port, waits for a key, resets. It asks the keyboard controller again and again instead of halting,
 * because nothing here handles an interrupt; each question is an exit to the VMM, which is slow, so there are
 * pauses in between.
 */
        .code64
        .section .text
        .globl  _start
_start:
        /* Not before the VMM has said that it runs: it writes to the same place, in the middle of a line. */
        mov     $100000, %ecx
quiet:  pause
        dec     %ecx
        jnz     quiet
        lea     message(%rip), %rsi
        mov     $0x3f8, %dx
next:   lodsb
        test    %al, %al
        jz      ask
        out     %al, %dx
        jmp     next

ask:    mov     $200000, %ecx
rest:   pause
        dec     %ecx
        jnz     rest
        in      $0x64, %al              /* status: is a key there? */
        test    $1, %al
        jz      ask
        in      $0x60, %al
        mov     $0xfe, %al              /* reset */
        out     %al, $0x64
        jmp     ask

message:
        .asciz  "hello from guest\n"
        .section .note.GNU-stack, "", @progbits
