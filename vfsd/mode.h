/*
 * File modes, as Linux numbers them: the type in the upper bits, set-id bits, permissions.
 */
#pragma once

#define MODE_TYPE      0170000u
#define MODE_SOCKET    0140000u
#define MODE_LINK      0120000u
#define MODE_FILE      0100000u
#define MODE_BLOCK     0060000u
#define MODE_DIRECTORY 0040000u
#define MODE_CHARACTER 0020000u
#define MODE_FIFO      0010000u

#define MODE_SETUID        04000u
#define MODE_SETGID        02000u
#define MODE_STICKY        01000u
#define MODE_BITS          07777u /* what chmod() sets */
#define MODE_PERMISSIONS   0777u
#define MODE_GROUP_EXECUTE 0010u
#define MODE_OTHER_WRITE   0002u
#define MODE_ANY_EXECUTE   0111u

/* What a caller wants to do with an inode; the same bits as one class of the permissions. */
#define MAY_READ    4u
#define MAY_WRITE   2u
#define MAY_EXECUTE 1u
