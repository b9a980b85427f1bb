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

create or replace function show_product_images() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update product p
	set images = (select json_agg(image_renewed(i.value, new) order by i.ordinality)
	              from json_array_elements(p.images) with ordinality i)
	where (p.vendor_id, p.id) in (select s.vendor_id, s.product_id from product_image s where s.upload_id = new.id);
	return null;
end $$;
