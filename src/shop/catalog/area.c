/* The catalogue's area (shop/area.h). */
#include "shop/catalog/catalog.h"
#include "shop/catalog/ranking.h"
#include "task/db_error.h"
#include "task/job.h"
#include "web/limit.h"

static const struct db_constraint CONSTRAINTS[] = {
    {"category_slug_key", PROBLEM_EXISTS, "/slug", "exists", "Another category uses this slug."},
    {"category_parent_id_fkey", PROBLEM_INVALID, "/parent_id", "unknown", "Category not found."},
    {"product_vendor_id_handle_key", PROBLEM_EXISTS, "/handle", "exists",
     "Another product of this vendor uses this handle."},
    {"product_category_id_fkey", PROBLEM_INVALID, "/category_id", "unknown", "Category not found."},
    {"variant_options_key", PROBLEM_EXISTS, "/options", "exists",
     "Another variant has the same options; a product without options has one variant."},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* each may take minutes of CPU time */
    {"import", LIMIT_BY_ACCOUNT, 10, 60},
    {"export", LIMIT_BY_ACCOUNT, 10, 60},
    /* enough for several people typing; each may cost 100 ms */
    {"search", LIMIT_BY_ACCOUNT, 600, 60},
    {0},
};

static const struct job JOBS[] = {
    {"rank_products", JOB_AT_RANKING_SETTING, catalog_rank_products},
    {0},
};

const struct area AREA_CATALOG = {
    .name = "catalog",
    .constraints = CONSTRAINTS,
    .limits = LIMITS,
    .jobs = JOBS,
};
