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
	perform uploads_show_again(shown);
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

-- Of the uploads' showing (media/functions_images.sql).
create or replace function show_in_product(u upload, beyond uuid, most int) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
	ids uuid[] := array(
		select n.product_id from (
			(select i.product_id from product_image i where i.upload_id = u.id and i.product_id > beyond
			 order by i.product_id limit most)
			union
			(select i.product_id from product_image i where i.upload_id = u.replaces and i.product_id > beyond
			 order by i.product_id limit most)) n
		order by n.product_id limit most);
begin
	perform from product p where p.id = any (ids) order by p.id for no key update;
	update product p set images = n.images
	from (select s.id, (select json_agg(image_renewed(i.value, u) order by i.ordinality)
	                    from json_array_elements(s.images) with ordinality i) as images
	      from product s where s.id = any (ids)) n
	where p.id = n.id and n.images::text <> p.images::text;
	return case when cardinality(ids) = most then ids[most] end;
end $$;
