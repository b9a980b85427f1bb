-- What product_search is made of is no longer kept beside the product, too.
set local role sebez_owner;

alter table product drop column skus, drop column option_values;
