#include "web/validate.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/money.h"

size_t validate_size(enum field_type type, const struct field_object *object)
{
	switch (type) {
	case FIELD_STRING:
	case FIELD_JSON:
		return sizeof(const char *);
	case FIELD_UUID:
		return sizeof(struct uuid);
	case FIELD_INT32:
		return sizeof(int32_t);
	case FIELD_INT64:
	case FIELD_TIME:
		return sizeof(int64_t);
	case FIELD_BOOL:
		return sizeof(bool);
	case FIELD_MONEY:
		return sizeof(struct money);
	case FIELD_ENUM:
		return sizeof(int);
	case FIELD_OBJECT:
		return object->size;
	case FIELD_ARRAY:
	case FIELD_MAP:
		break;
	}
	assert(false);
	return 0;
}

void *validate_slot(struct check *check, const struct field *field, void *into)
{
	char *at = (char *)into + field->offset;

	assert(field->type != FIELD_ARRAY && field->type != FIELD_MAP);
	if (!field->pointer)
		return at;
	size_t size = validate_size(field->type, field->object);
	void *value = arena_alloc(check->arena, size > 0 ? size : 1);

	memcpy(at, &value, sizeof(value));
	return value;
}

void validate_defaults(const struct field_object *object, void *into)
{
	for (size_t i = 0; i < object->field_count; i++) {
		const struct field *field = &object->fields[i];
		char *at = (char *)into + field->offset;

		if (field->default_text != NULL)
			memcpy(at, &field->default_text, sizeof(field->default_text));
		if (!field->has_default || field->pointer)
			continue;
		int32_t narrow = (int32_t)field->default_value;

		assert(field->type == FIELD_INT64 || field->default_value == narrow);
		if (field->type == FIELD_INT64)
			memcpy(at, &field->default_value, sizeof(field->default_value));
		else if (field->type == FIELD_BOOL)
			*(bool *)(void *)at = narrow != 0;
		else
			memcpy(at, &narrow, sizeof(narrow));
	}
}

static void read_path(struct check *check, const struct field_object *object,
                      const struct route_match *match, void *into)
{
	for (size_t i = 0; i < object->field_count; i++) {
		const struct field *field = &object->fields[i];

		if (field->place != IN_PATH)
			continue;
		assert(route_param(match, field->name) != NULL);
		check_name(check, "{", field->name, "}");
		validate_text_field(check, field, route_param(match, field->name), into);
	}
}

static void read_headers(struct check *check, const struct request *rq, void *into)
{
	const struct field_object *object = &rq->operation->input;

	for (size_t i = 0; i < object->field_count; i++) {
		const struct field *field = &object->fields[i];

		if (field->place != IN_HEADER)
			continue;
		const char *value = http_header(rq->http, field->name);

		check_name(check, "", field->name, "");
		if (value != NULL)
			validate_text_field(check, field, value, into);
		else if (field->required)
			check_wrong(check, "required", "is required");
	}
}

static bool media_type_is(const char *header, const char *wanted)
{
	size_t length = strlen(wanted);

	if (strcmp(wanted, "*/*") == 0)
		return true;
	if (header == NULL || strncasecmp(header, wanted, length) != 0)
		return false;
	header += length;
	return strchr("; \t", *header) !=
	       NULL; /* parameters may follow; charset is UTF-8 by rule */
}

static void read_body(struct check *check, struct request *rq, void *into)
{
	const struct operation *operation = rq->operation;
	const char *type = http_header(rq->http, "Content-Type");
	size_t length = 0;
	const char *body = "";

	if (operation->body != BODY_STREAM)
		body = http_body(rq->http, &length);
	if (length == 0 && operation->body != BODY_STREAM && !operation->body_required)
		return;
	const char *wanted =
	    operation->media_type != NULL ? operation->media_type : "application/json";

	if (!media_type_is(type, wanted) && (length > 0 || operation->body == BODY_STREAM))
		task_end(&rq->task, PROBLEM_MEDIA_TYPE, "The body must be %s.", wanted);
	if (operation->body == BODY_STREAM)
		return;
	check_name(check, "", "", "");
	validate_body(check, &operation->input, body, length, into);
}

const void *validate(struct request *rq, const struct route_match *match)
{
	const struct field_object *object = &rq->operation->input;
	void *into = arena_alloc(rq->task.arena, object->size > 0 ? object->size : 1);
	struct check check;

	check_init(&check, rq->task.arena);
	validate_defaults(object, into);
	read_path(&check, object, match, into);
	if (!rq->operation->is_signed && !rq->operation->takes_rest)
		validate_query(&check, object, http_query(rq->http), into);
	read_headers(&check, rq, into);
	read_body(&check, rq, into);
	const char *errors = check_errors(&check);

	if (errors != NULL)
		task_end_with(&rq->task,
		              (struct problem){.code = PROBLEM_INVALID,
		                               .detail = "The input is not valid; see errors.",
		                               .errors = errors});
	return into;
}
