/*
 * demo: a small demo marketplace: vendors with shipping and staff, some 120 products in a category
 * tree, pictures of them, customers, an admin. Loaded once into an empty database.
 */
#ifndef SEBEZ_SHOP_DEMO_DEMO_H
#define SEBEZ_SHOP_DEMO_DEMO_H

#include "base/embedded_file.h"
#include "task/task.h"

extern const struct embedded_file DEMO_FILES[]; /* <vendor's slug>.csv */
extern const size_t DEMO_FILE_COUNT;

#define DEMO_PASSWORD "sebez-demo-2026"

struct objects;

/* Ends the task (PROBLEM_CONFLICT) when the database has vendors. Its pictures are shown as soon as
 * a media process has made them. Suspends. */
void demo_load(struct task *task, struct objects *objects);
const char *demo_accounts(void); /* lines to show */

#endif
