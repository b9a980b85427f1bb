-- Pictures as kept with what shows them (src/shop/image.h).
set local role sebez_owner;

-- What is known of an upload that is ready.
create or replace function upload_facts(u upload) returns json language sql immutable as $$
	select json_build_object('id', u.id, 'group', u.object_group, 'width', u.width, 'height', u.height,
		'thumbhash', encode(u.thumbhash, 'base64'), 'color', '#' || lpad(to_hex(u.color), 6, '0'),
		'widths', to_json(u.widths), 'formats', to_json(u.formats))
$$;
grant execute on function upload_facts(upload) to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;

-- The upload of a kept picture; null for none.
create or replace function image_upload(image json) returns uuid language sql immutable parallel safe
return (image #>> '{image_facts,id}')::uuid;
grant execute on function image_upload(json) to sebez_kernel;

-- A picture by its address, as kept with what shows it; facts: of its upload. Null for no address.
create or replace function image_of_url(address text, facts json) returns json language sql immutable parallel safe
return case when address <> '' then json_build_object('url', address, 'alt', '', 'image_facts', facts) end;
grant execute on function image_of_url(text, json) to sebez_vendor;

-- What is known of an upload that is to be fetched: which it is.
create or replace function image_awaited(upload_id uuid) returns json language sql immutable parallel safe
return json_build_object('id', upload_id);
grant execute on function image_awaited(uuid) to sebez_kernel;

-- The kept picture with the present facts of the upload, when it shows that.
create or replace function image_renewed(image json, u upload) returns json language sql immutable as $$
	select case when image_upload(image) = u.id
	                 or (image_upload(image) = u.replaces and image ->> 'url' = u.source_url)
	            then json_build_object('url', image -> 'url', 'alt', image -> 'alt', 'image_facts', upload_facts(u))
	            else image end
$$;

-- Tells what shows an upload that it has more renditions now. Arguments of the trigger: the table and its column
-- with the kept picture, whose upload is in <column>_upload_id.
create or replace function show_upload() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	execute format('update %1$I set %2$I = image_renewed(%2$I, $1) where %3$I in ($1.id, $1.replaces)',
		tg_argv[0], tg_argv[1], tg_argv[1] || '_upload_id') using new;
	return null;
end $$;
