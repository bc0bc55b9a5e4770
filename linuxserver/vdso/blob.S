/* The vDSO as bytes of linuxserver. The build gives IMAGE, its path. */
    .section .rodata
    .balign 16
    .globl vdso_image, vdso_image_end
vdso_image:
    .incbin IMAGE
vdso_image_end:
    .section .note.GNU-stack, "", @progbits
