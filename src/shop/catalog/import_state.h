/*
 * import_state: a running import. Private to import.c, which reads the file, and import_flush.c,
 * which writes its batches.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_STATE_H
#define SEBEZ_SHOP_CATALOG_IMPORT_STATE_H

#include "shop/catalog/import.h"
#include "shop/catalog/import_match.h"

struct import {
	struct task *task;
	struct csv_reader *reader;
	bool has_header;
	struct import_header header;
	struct import_woo *woo; /* NULL: not WooCommerce's format */
	struct import_report report;
	struct import_types types;
	struct import_seen *seen;
	struct import_dry *dry; /* NULL: not a dry run */
	struct import_batch batch;
	const char *currency, *vendor_name;
	int64_t analyze_at; /* variants created */
};

/* A transaction of the import: a task with its own arena, within the import's task. */
struct import_step {
	struct task task; /* first, so that a task can be cast to its step */
	struct import *import;
	struct import_batch *batch;
};

/* Runs body as a transaction of the import; ends the import when it fails. Suspends. */
void import_run(struct import *import, void (*body)(struct task *task));

void import_open_batch(struct import *import);
/* Writes the batch, counts its rows, and opens the next one. Suspends. */
void import_flush(struct import *import);

#endif
