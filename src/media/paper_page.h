/*
 * paper_page: lays a document out on pages, piece by piece, in the order in which its pieces come.
 *
 * A document is lines of text; the fields of a line are separated by tabs. Its first line is D, and
 * F and C come before what they are for:
 *
 *   D language ltr|rtl time title   what it is; for the metadata
 *   F text                          at the bottom of each page, beside its number
 *   T text                          the title
 *   K label value                   a fact, beside the title
 *   P text                          who sells, or buys: a heading, followed by A lines
 *   A text
 *   C weight start|end text         a column of the table: its share of the width, and its head
 *   R text …                        a row
 *   S label value plain|bold        a sum, below the table
 *   N text                          a note
 */
#ifndef SEBEZ_MEDIA_PAPER_PAGE_H
#define SEBEZ_MEDIA_PAPER_PAGE_H

#include <stdbool.h>

struct paper_page;

/* The document's first line. It is written to the descriptor. */
struct paper_page *paper_page_open(int fd, char *first_line);
/* Another line, which is changed. What is not a line of a document fails an assert. */
void paper_page_add(struct paper_page *page, char *line);
/* False: it could not be written. */
bool paper_page_close(struct paper_page *page);

#endif
