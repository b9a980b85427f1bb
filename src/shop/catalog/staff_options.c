/*
 * staff_options: checks that variants have values that their product's options offer.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "shop/catalog/staff.h"
#include "shop/catalog/text.h"

struct option_names option_names(const char *one, const char *two, const char *three)
{
	const char *const names[OPTIONS_MAX] = {one, two, three};
	struct option_names ret = {0};

	while (ret.count < OPTIONS_MAX && names[ret.count] != NULL) {
		ret.names[ret.count] = names[ret.count];
		ret.count++;
	}
	return ret;
}

static const char *value_of(const char *name, size_t count, const struct field_pair pairs[])
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].key, name) == 0)
			return pairs[i].value;
	return NULL;
}

bool options_choose(struct check *check, const struct option_names *names, size_t pair_count,
                    const struct field_pair pairs[], struct option_choice *ret)
{
	size_t outer = check_enter(check, "options");
	bool good = true;

	assert(names->count <= OPTIONS_MAX);
	*ret = (struct option_choice){0};
	for (size_t i = 0; i < names->count; i++) {
		ret->values[i] = value_of(names->names[i], pair_count, pairs);
		if (ret->values[i] == NULL)
			good =
			    check_wrong(check, "required", "has no value for %s", names->names[i]);
	}
	for (size_t i = 0; i < names->count; i++)
		good = staff_check_plain(check, ret->values[i]) && good;
	if (good && names->count == 1 && text_is_default_option(1, names->names[0], ret->values[0]))
		good = check_wrong(check, "reserved", "is reserved for products without options");
	if (good && pair_count != names->count)
		good =
		    check_wrong(check, "unknown", "names an option that the product does not have");
	check_leave(check, outer);
	return good;
}

const char *options_title(struct arena *arena, const struct option_choice *choice)
{
	const char *const *values = choice->values;

	assert(values[0] != NULL || values[1] == NULL);
	assert(values[1] != NULL || values[2] == NULL); /* missing ones come last */
	if (values[0] == NULL)
		return TEXT_DEFAULT_VALUE;
	if (values[1] == NULL)
		return values[0];
	if (values[2] == NULL)
		return arena_printf(arena, "%s / %s", values[0], values[1]);
	return arena_printf(arena, "%s / %s / %s", values[0], values[1], values[2]);
}

static bool offers(const struct product_option_input_in *option, const char *value)
{
	for (size_t i = 0; i < option->values_count; i++)
		if (strcmp(option->values[i], value) == 0)
			return true;
	return false;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool option_choices_equal(const struct option_choice *a, const struct option_choice *b)
{
	for (size_t i = 0; i < OPTIONS_MAX; i++)
		if (!same(a->values[i], b->values[i]))
			return false;
	return true;
}

void option_check_name(struct check *check, size_t before, const char *const names[],
                       const char *name)
{
	size_t outer = check_enter(check, "name");

	for (size_t i = 0; i < before; i++)
		if (strcasecmp(names[i], name) == 0)
			check_wrong(check, "unique", "must be unique among the options");
	(void)staff_check_plain(check, name);
	check_leave(check, outer);
}

static void check_names(struct check *check, const struct option_names *names)
{
	size_t outer = check_enter(check, "options");

	for (size_t i = 0; i < names->count; i++) {
		size_t list = check_enter_item(check, i);
		option_check_name(check, i, names->names, names->names[i]);
		check_leave(check, list);
	}
	check_leave(check, outer);
}

/* Each value must be one of its option's, and the choice must differ from those of earlier
 * variants. */
static void check_choice_of(struct check *check, const struct create_vendor_product_in *in,
                            const struct option_choice choices[], size_t at)
{
	size_t outer = check_enter(check, "options");

	assert(at < in->variants_count);
	for (size_t i = 0; i < in->options_count; i++)
		if (!offers(&in->options[i], choices[at].values[i]))
			check_wrong(check, "enum", "is not one of the values of %s",
			            in->options[i].name);
	for (size_t before = 0; before < at; before++)
		if (option_choices_equal(&choices[before], &choices[at])) {
			check_wrong(check, "unique",
			            "must differ from the options of every other variant");
			break;
		}
	check_leave(check, outer);
}

void staff_check_product(struct check *check, const struct create_vendor_product_in *in,
                         struct option_choice ret[])
{
	struct option_names names = {.count = in->options_count};
	size_t outer;

	assert(in->options_count <= OPTIONS_MAX && in->variants_count <= LIMIT_PRODUCT_VARIANTS);
	for (size_t i = 0; i < in->options_count; i++)
		names.names[i] = in->options[i].name;
	staff_check_texts(check, &(struct staff_texts){
	                             .title = in->title,
	                             .description = in->description,
	                             .product_type = in->product_type,
	                             .tag_count = in->tags_count,
	                             .tags = in->tags,
	                             .image_count = in->images_count,
	                             .images = in->images,
	                         });
	check_names(check, &names);
	outer = check_enter(check, "variants");
	if (in->options_count == 0 && in->variants_count > 1)
		check_wrong(check, "maximum", "must be one, because the product has no options");
	for (size_t i = 0; i < in->variants_count; i++) {
		const struct create_variant_input_in *variant = &in->variants[i];
		size_t list = check_enter_item(check, i);
		if (options_choose(check, &names, variant->options_count, variant->options,
		                   &ret[i]) &&
		    names.count)
			check_choice_of(check, in, ret, i);
		staff_check_variant(check, variant->sku, variant->barcode, variant->image);
		check_leave(check, list);
	}
	check_leave(check, outer);
}

void staff_end_if_wrong(struct task *task, struct check *check)
{
	const char *errors = check_errors(check);

	if (errors != NULL)
		task_end_with(task, (struct problem){
		                        .code = PROBLEM_INVALID,
		                        .detail = "The input is not valid; see errors.",
		                        .errors = errors,
		                    });
}
