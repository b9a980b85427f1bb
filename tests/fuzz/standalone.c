/* Runs a fuzz target once over each file named, or each file of a folder named: what was found
 * once stays found, with any compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		perror(path);
		return 1;
	}
	size_t size = fread(bytes, 1, sizeof(bytes), file);

	fclose(file);
	/* A copy of its exact size, so that sanitizers see a read past the end. */
	uint8_t *copy = malloc(size > 0 ? size : 1);

	for (size_t i = 0; i < size; i++)
		copy[i] = bytes[i];
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

static int run_folder(DIR *folder, const char *path)
{
	char name[4096];
	int wrong = 0;
	const struct dirent *entry;

	for (entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		wrong |= run_file(name);
	}
	closedir(folder);
	return wrong;
}

int main(int argc, char **argv)
{
	int wrong = argc < 2;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);

		wrong |= folder != NULL ? run_folder(folder, argv[i]) : run_file(argv[i]);
	}
	return wrong;
}
