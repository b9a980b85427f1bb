#include "task/problem.h"

#define X(constant, code, status, title) [constant] = {code, status, title},
const struct problem_kind PROBLEM_KINDS[PROBLEM_COUNT] = {PROBLEMS(X)};
#undef X
