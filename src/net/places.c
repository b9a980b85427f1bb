#include "net/places.h"

#include <assert.h>
#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>

#include "base/country.h"

struct places {
	MMDB_s file;
};

struct places *places_open(const char *path, const char **ret_error)
{
	struct places *places = calloc(1, sizeof(*places));
	int rc;

	assert(path[0] != '\0' && ret_error != NULL);
	if (places == NULL) {
		*ret_error = "no memory";
		return NULL;
	}
	rc = MMDB_open(path, MMDB_MODE_MMAP, &places->file);
	if (rc != MMDB_SUCCESS) {
		*ret_error = MMDB_strerror(rc);
		free(places);
		return NULL;
	}
	return places;
}

void places_close(struct places *places)
{
	if (places == NULL)
		return;
	MMDB_close(&places->file);
	free(places);
}

void places_country(const struct places *places, const char *address,
                    char ret[PLACES_COUNTRY_LENGTH + 1])
{
	int rc, of_file;
	MMDB_entry_data_s code;

	ret[0] = '\0';
	if (places == NULL || address == NULL)
		return;
	MMDB_lookup_result_s found = MMDB_lookup_string(&places->file, address, &rc, &of_file);

	if (rc != 0 || of_file != MMDB_SUCCESS || !found.found_entry ||
	    MMDB_get_value(&found.entry, &code, "country", "iso_code", NULL) != MMDB_SUCCESS ||
	    !code.has_data || code.type != MMDB_DATA_TYPE_UTF8_STRING ||
	    code.data_size != PLACES_COUNTRY_LENGTH)
		return;
	memcpy(ret, code.utf8_string, PLACES_COUNTRY_LENGTH);
	ret[PLACES_COUNTRY_LENGTH] = '\0';
	if (!country_is_valid(ret))
		ret[0] = '\0';
}
