/* paper: documents, and the PDFs that are made of them. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/money.h"
#include "net/http.h"
#include "shop/papers/make.h"
#include "shop/papers/papers.h"
#include "shop/texts/texts.h"
#include "web/language.h"
#include "web/reply.h"

struct paper {
	struct arena *arena;
	struct text_reader reader;
	const char *file_name;
	int fd;
	size_t bytes;
	struct buf text; /* that is not in the file yet */
	struct {         /* words that were looked up */
		const char *key, *word;
	} words[128];
	size_t word_count;
};

static int (*make)(int document, int64_t deadline_ms, int *ret_pdf);

void paper_make_with(int (*maker)(int document, int64_t deadline_ms, int *ret_pdf))
{
	make = maker;
}

static void close_document(void *arg)
{
	struct paper *paper = arg;

	close(paper->fd);
}

struct paper *paper_new(struct request *rq, const char *title, const char *name, int64_t issued_us)
{
	struct paper *paper = arena_alloc(rq->task.arena, sizeof(*paper));
	char issued[TIME_TEXT_LENGTH + 1];

	*paper = (struct paper){.arena = rq->task.arena};
	paper->reader.language = text_language_of(
	    language_choose(http_header(rq->http, "Accept-Language"), text_language_names()), NULL);
	paper->fd = memfd_create("document", MFD_CLOEXEC);
	if (paper->fd < 0)
		task_end(&rq->task, PROBLEM_OVERLOADED, "Please try again in a second.");
	arena_defer(rq->task.arena, close_document, paper);
	paper->text = buf_new(rq->task.arena, 64 * 1024);
	paper->file_name = name;
	time_format(issued_us, issued);
	paper_add(paper, "D", text_language_name(paper->reader.language),
	          text_is_right_to_left(paper->reader.language) ? "rtl" : "ltr", issued, name,
	          NULL);
	paper_add(paper, "F", arena_printf(paper->arena, "%s %s", paper_word(paper, title), name),
	          NULL);
	paper_add(paper, "T", paper_word(paper, title), NULL);
	reply_varies(rq, "Accept-Language");
	return paper;
}

const char *paper_word(struct paper *paper, const char *key)
{
	char name[96];

	for (size_t i = 0; i < paper->word_count; i++)
		if (strcmp(paper->words[i].key, key) == 0)
			return paper->words[i].word;
	snprintf(name, sizeof(name), "paper.%s", key);
	const char *word = text_of(paper->arena, &paper->reader, name, "{}");

	assert(word != NULL); /* it inserts nothing */
	assert(paper->word_count < sizeof(paper->words) / sizeof(paper->words[0]));
	paper->words[paper->word_count].key = arena_strdup(paper->arena, key);
	paper->words[paper->word_count++].word = word;
	return word;
}

/* What would end a field or a line is a blank. */
static void add_field(struct buf *buf, const char *text)
{
	for (; *text != '\0'; text++)
		buf_add_char(buf, (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
}

static void add_line(struct buf *buf, const char *kind, va_list fields)
{
	const char *field;

	buf_add_str(buf, kind);
	while ((field = va_arg(fields, const char *)) != NULL) {
		buf_add_char(buf, '\t');
		add_field(buf, field);
	}
	buf_add_char(buf, '\n');
}

void paper_line(struct buf *buf, const char *kind, ...)
{
	va_list fields;

	va_start(fields, kind);
	add_line(buf, kind, fields);
	va_end(fields);
}

void paper_write(struct paper *paper, const void *bytes, size_t length)
{
	const char *at = bytes;

	paper->bytes += length;
	while (length > 0) {
		ssize_t count = write(paper->fd, at, length);
		assert(count > 0); /* memory */
		at += count;
		length -= (size_t)count;
	}
}

static void flush(struct paper *paper)
{
	paper_write(paper, paper->text.data, paper->text.length);
	buf_clear(&paper->text);
}

void paper_add(struct paper *paper, const char *kind, ...)
{
	va_list fields;

	va_start(fields, kind);
	add_line(&paper->text, kind, fields);
	va_end(fields);
	flush(paper);
}

const char *paper_money(struct arena *arena, int64_t amount, const char *currency)
{
	char text[32];

	money_format_decimal(amount, currency, text);
	return arena_printf(arena, "%s %s", text, currency);
}

struct pdf {
	void *bytes;
	size_t length;
};

static void unmap(void *arg)
{
	struct pdf *pdf = arg;

	munmap(pdf->bytes, pdf->length);
}

static struct pdf *map(struct request *rq, int fd)
{
	struct pdf *pdf = arena_alloc(rq->task.arena, sizeof(*pdf));
	struct stat file;

	if (fstat(fd, &file) != 0)
		file.st_size = 0;
	pdf->length = (size_t)file.st_size;
	pdf->bytes =
	    pdf->length == 0 ? MAP_FAILED : mmap(NULL, pdf->length, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (pdf->bytes == MAP_FAILED)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "The PDF cannot be made now.");
	arena_defer(rq->task.arena, unmap, pdf);
	return pdf;
}

void paper_reply(struct request *rq, struct paper *paper)
{
	int fd, rc;

	assert(make != NULL); /* an api process */
	if (paper->bytes > LIMIT_PAPER_BYTES)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "It is too long for a PDF: read it in another format.");
	rc = make(paper->fd, rq->task.deadline_ms, &fd);
	if (rc == -EBUSY)
		task_end(&rq->task, PROBLEM_OVERLOADED, "Please try again in a second.");
	if (rc < 0)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "The PDF cannot be made now.");
	struct pdf *pdf = map(rq, fd);

	reply_header(
	    rq, "Content-Disposition",
	    arena_printf(rq->task.arena, "attachment; filename=\"%s.pdf\"", paper->file_name));
	reply_text(rq, "application/pdf", pdf->bytes, pdf->length);
}
