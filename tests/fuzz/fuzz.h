/* What the fuzz targets share. */
#ifndef SEBEZ_TESTS_FUZZ_H
#define SEBEZ_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
