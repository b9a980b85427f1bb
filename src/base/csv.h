/* csv: cells of files for spreadsheets. */
#ifndef SEBEZ_BASE_CSV_H
#define SEBEZ_BASE_CSV_H

#include "base/buf.h"

/* Adds a quoted cell that a spreadsheet takes for text, whatever it begins with: an apostrophe
 * stands before what would be a formula. NULL is empty. */
void csv_add_cell(struct buf *buf, const char *text);

#endif
