/*
 * catalog: what other areas and the command line may ask of the catalogue.
 */
#ifndef SEBEZ_SHOP_CATALOG_CATALOG_H
#define SEBEZ_SHOP_CATALOG_CATALOG_H

#include "shop/area.h"
#include "shop/catalog/import_columns.h"
#include "task/task.h"

extern const struct area AREA_CATALOG;

/* Imports a product CSV for the vendor, or only says what would be (a dry run), with progress on a
 * terminal and a report on standard output. Ends the task when a row was refused; the others are
 * in. path "-" is standard input. */
void catalog_import_file(struct task *task, const char *vendor_slug, const char *path,
                         bool dry_run);

/* Imports a CSV for the vendor that the task acts for. */
const struct import_report *catalog_import_text(struct task *task, const char *text, size_t length);

#endif
