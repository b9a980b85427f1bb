-- Real catalogues: many variants may have one SKU, and handles are the same in whatever case.
set local role sebez_owner;

drop index variant_sku_key;
create index variant_sku on variant (vendor_id, sku) where deleted_at is null;
alter table variant
	drop constraint variant_sku_check,
	add constraint variant_sku_check check (length(sku) between 1 and 255);

-- In lower case, as unicode_lower() makes it. Who has a handle first keeps it.
alter table product
	add column handle_key text collate "C" generated always as (lower(handle collate "und-x-icu")) stored;
update product p set handle = left(p.handle, 218) || '-' || p.id
where p.deleted_at is null and exists (
	select from product o where o.vendor_id = p.vendor_id and o.handle_key = p.handle_key
	and o.deleted_at is null and o.id < p.id);
drop index product_vendor_id_handle_key;
create unique index product_vendor_id_handle_key on product (vendor_id, handle_key) where deleted_at is null;
