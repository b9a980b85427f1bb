-- Pictures of products: which uploads they are.
set local role sebez_owner;

-- Keeps product_image as product.images has it.
create or replace function product_images_refer() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	shown uuid[] := array(select distinct image_upload(i.value) from json_array_elements(new.images) i
	                      where image_upload(i.value) is not null);
begin
	delete from product_image i
	where i.vendor_id = new.vendor_id and i.product_id = new.id and i.upload_id <> all (shown);
	insert into product_image (vendor_id, product_id, upload_id)
	select new.vendor_id, new.id, s.id from unnest(shown) s (id) order by s.id
	on conflict do nothing;
	return null;
end $$;

-- The same of new products.
create or replace function new_product_images_refer() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	insert into product_image (vendor_id, product_id, upload_id)
	select distinct a.vendor_id, a.id, image_upload(i.value)
	from added a cross join json_array_elements(a.images) i
	where a.images::text like '%"id"%' and image_upload(i.value) is not null
	order by image_upload(i.value);
	return null;
end $$;

create or replace function show_product_images() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update product p
	set images = (select json_agg(image_renewed(i.value, new) order by i.ordinality)
	              from json_array_elements(p.images) with ordinality i)
	where (p.vendor_id, p.id) in (select s.vendor_id, s.product_id from product_image s
	                              where s.upload_id in (new.id, new.replaces));
	return null;
end $$;
