/*
 * staff_columns: variants as the database takes them, one array per column.
 */
#include "shop/catalog/staff.h"
#include "staff.sql.h"

struct columns {
	struct uuid *ids, *adjustments;
	const char **skus, **titles, **options[OPTIONS_MAX], **currencies, **compare_currencies,
	    **barcodes, **images;
	int64_t *prices, *compares;
	int32_t *stocks, *trackeds, *backorders, *weights;
};

#define COLUMN(field) c->field = arena_array(arena, count, sizeof c->field[0])

static void columns_make(struct columns *c, struct arena *arena, size_t count)
{
	COLUMN(ids);
	COLUMN(adjustments);
	COLUMN(skus);
	COLUMN(titles);
	for (size_t i = 0; i < OPTIONS_MAX; i++)
		COLUMN(options[i]);
	COLUMN(currencies);
	COLUMN(compare_currencies);
	COLUMN(barcodes);
	COLUMN(images);
	COLUMN(prices);
	COLUMN(compares);
	COLUMN(stocks);
	COLUMN(trackeds);
	COLUMN(backorders);
	COLUMN(weights);
}

#undef COLUMN

static void columns_fill(struct columns *c, struct arena *arena, size_t i,
                         const struct create_variant_input_in *variant,
                         const struct option_choice *choice)
{
	const struct money *compare = variant->compare_at_price;

	c->ids[i] = uuid_v7();
	c->adjustments[i] = uuid_v7();
	c->skus[i] = variant->sku;
	c->titles[i] = options_title(arena, choice);
	for (size_t option = 0; option < OPTIONS_MAX; option++)
		c->options[option][i] = choice->values[option];
	c->prices[i] = variant->price.amount;
	c->currencies[i] = variant->price.currency;
	c->compares[i] = compare && compare->amount > 0 ? compare->amount : -1;
	c->compare_currencies[i] = compare ? compare->currency : NULL;
	c->stocks[i] = variant->available;
	c->trackeds[i] = variant->tracked;
	c->backorders[i] = variant->backorder;
	c->weights[i] = variant->weight_grams;
	c->barcodes[i] = variant->barcode;
	c->images[i] = variant->image_url;
}

#define UUIDS(field) ((struct uuid_array){count, c.field})
#define TEXTS(field) ((struct text_array){count, c.field})
#define INTS(field) ((struct int_array){count, c.field})
#define BIGINTS(field) ((struct bigint_array){count, c.field})

struct uuid staff_variants_add(struct db *db, struct uuid vendor_id, struct uuid product_id,
                               bool nested, size_t count,
                               const struct create_variant_input_in variants[],
                               const struct option_choice choices[])
{
	struct arena *arena = db_task(db)->arena;
	struct columns c;

	columns_make(&c, arena, count);
	for (size_t i = 0; i < count; i++)
		columns_fill(&c, arena, i, &variants[i], &choices[i]);
	sql_staff_variants_insert(db, &(struct staff_variants_insert_args){
	                                  .vendor = vendor_id,
	                                  .product = product_id,
	                                  .nested = nested,
	                                  .ids = UUIDS(ids),
	                                  .skus = TEXTS(skus),
	                                  .titles = TEXTS(titles),
	                                  .one = TEXTS(options[0]),
	                                  .two = TEXTS(options[1]),
	                                  .three = TEXTS(options[2]),
	                                  .prices = BIGINTS(prices),
	                                  .currencies = TEXTS(currencies),
	                                  .compares = BIGINTS(compares),
	                                  .compare_currencies = TEXTS(compare_currencies),
	                                  .stocks = INTS(stocks),
	                                  .trackeds = INTS(trackeds),
	                                  .backorders = INTS(backorders),
	                                  .weights = INTS(weights),
	                                  .barcodes = TEXTS(barcodes),
	                                  .images = TEXTS(images),
	                                  .adjustments = UUIDS(adjustments),
	                              });
	return c.ids[0];
}
