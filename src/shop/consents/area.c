/* The consents' area (shop/area.h). */
#include "shop/consents/consents.h"
#include "task/db_error.h"

const struct problem_code PROBLEM_DOCUMENTS_FIRST[1] = {
    {"documents_first", 409, "Documents must be accepted first"}};

static const struct db_refusal REFUSALS[] = {
    {"SBD01", PROBLEM_DOCUMENTS_FIRST, "documents"},
    {0},
};

static const struct db_constraint CONSTRAINTS[] = {
    {"document_kind_number_key", PROBLEM_CONFLICT, "/kind", "conflict",
     "Another version was published at the same time."},
    {0},
};

const struct area AREA_CONSENTS = {
    .name = "consents",
    .refusals = REFUSALS,
    .constraints = CONSTRAINTS,
};
