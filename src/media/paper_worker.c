/* The program sebez-paper-worker: makes a PDF of one document (media/paper_page.h). */
#include <assert.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "media/paper_page.h"
#include "media/sandbox.h"

static const char HELP[] =
    "sebez-paper-worker is started by sebez, with a document as descriptor 0 "
    "and the file of the PDF as descriptor 1.\n";

static int failed(const char *what)
{
	fprintf(stderr, "sebez-paper-worker: %s\n", what);
	return EXIT_FAILURE;
}

/* A private copy: lines are ended where they are. */
static char *read_document(size_t *ret_length)
{
	struct stat file;
	char *bytes;

	if (fstat(STDIN_FILENO, &file) != 0 || file.st_size <= 0 ||
	    file.st_size > LIMIT_PAPER_BYTES)
		return NULL;
	bytes =
	    mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, STDIN_FILENO, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	*ret_length = (size_t)file.st_size;
	assert(bytes[*ret_length - 1] == '\n');
	return bytes;
}

static char *next_line(char **at, char *end)
{
	char *line = *at, *stop;

	if (line == end)
		return NULL;
	stop = memchr(line, '\n', (size_t)(end - line));
	assert(stop != NULL);
	*stop = '\0';
	*at = stop + 1;
	return line;
}

static bool write_paper(char *bytes, size_t length)
{
	char *at = bytes, *end = bytes + length, *line;
	struct paper_page *page = paper_page_open(STDOUT_FILENO, next_line(&at, end));

	while ((line = next_line(&at, end)) != NULL)
		paper_page_add(page, line);
	return paper_page_close(page);
}

int main(int count, char **arguments)
{
	size_t length;
	char *bytes;

	if (count != 1) {
		bool help = strcmp(arguments[1], "--help") == 0;

		fputs(HELP, help ? stdout : stderr);
		return help ? EXIT_SUCCESS : 2;
	}
	if (!sandbox_prepare_paper())
		return failed("limits");
	bytes = read_document(&length);
	if (bytes == NULL)
		return failed("no document");
	if (!FcInit())
		return failed("fontconfig");
	if (!sandbox_enter_paper())
		return failed("seccomp and Landlock (Linux 5.13 or later)");
	if (!write_paper(bytes, length))
		return failed("cannot write");
	/* Not exit(): what libraries do then is not allowed, and of no use. */
	_exit(EXIT_SUCCESS);
}
