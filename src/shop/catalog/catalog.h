/*
 * catalog: the catalogue's interface for other areas and the command line.
 */
#ifndef SEBEZ_SHOP_CATALOG_CATALOG_H
#define SEBEZ_SHOP_CATALOG_CATALOG_H

#include "shop/area.h"
#include "shop/catalog/import_columns.h"
#include "task/task.h"

extern const struct area AREA_CATALOG;

/* Imports a product CSV for the vendor, with progress on a terminal and a report on standard
 * output. A dry run only reports. Path "-" is standard input. Ends the task when a row was refused;
 * all other rows are imported. */
void catalog_import_file(struct task *task, const char *vendor_slug, const char *path,
                         bool dry_run);

/* Imports a CSV for the vendor of the task's actor. */
const struct import_report *catalog_import_text(struct task *task, const char *text, size_t length);

#endif
