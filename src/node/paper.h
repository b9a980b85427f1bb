/*
 * paper: has a process make a PDF of a document (src/media/paper_page.h). The process gets the
 * document and the file of the PDF, reads fonts, and can do nothing else; it ends with the
 * document.
 */
#ifndef SEBEZ_NODE_PAPER_H
#define SEBEZ_NODE_PAPER_H

#include <stdint.h>

#define PAPER_WORKER_PROGRAM "sebez-paper-worker"

/*
 * paper_make: runs the program of the descriptor MEMBER_FD_PAPER. Suspends the fiber.
 *
 *   document  a memfd; stays the caller's
 *   ret_pdf   a memfd, the caller's
 *   returns   0, -EBUSY when LIMIT_PAPERS_AT_ONCE are being made, -ETIMEDOUT at the deadline, -EIO
 *             when the process failed, or another -errno when it did not start
 */
int paper_make(int document, int64_t deadline_ms, int *ret_pdf) __attribute__((warn_unused_result));

#endif
