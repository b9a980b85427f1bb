/*
 * sandbox: what a worker gives up. What it does not get: a way to open, make or find a file, a
 * socket, a process or a program, or to write to a descriptor; it has its socket, memory that it
 * hands over, time, and its threads.
 */
#ifndef SEBEZ_MEDIA_SANDBOX_H
#define SEBEZ_MEDIA_SANDBOX_H

#include <stdbool.h>

/* Before libraries start threads: no environment, only descriptors 0 to 2, limits, no new
 * privileges, and nothing of the file system but reading libraries. False: something that every
 * kernel has failed. */
bool sandbox_prepare(bool *ret_landlock);

/* The same for a worker that makes a PDF: it has a document as descriptor 0, writes descriptor 1,
 * and may read fonts. False also where the kernel has no Landlock, which keeps other files from it.
 */
bool sandbox_prepare_paper(void);
bool sandbox_enter_paper(void);

/* When all that needs a file is loaded. From here on other system calls end the program. */
bool sandbox_enter(void);

/* SIGALRM ends the program then; 0: it does not. */
void sandbox_deadline(unsigned ms);

#endif
