-- Categories know whose import made them, a product that is deleted leaves its handle and its SKUs to
-- others, and a search looks at tags and SKUs and past accents.
create extension if not exists unaccent with schema public;

set local role sebez_owner;

-- Categories -------------------------------------------------------------------------------------

alter table category add column made_for uuid references vendor (id); -- null: by an admin
create index category_made_for on category (made_for) where made_for is not null;

-- Products ---------------------------------------------------------------------------------------

alter table product
	add column deleted_at timestamptz,                -- not archived: gone for all but orders and chats
	add column skus       text[] not null default '{}'; -- of its variants, kept by refresh_products()
alter table product drop constraint product_vendor_id_handle_key;
create unique index product_vendor_id_handle_key on product (vendor_id, handle) where deleted_at is null;

update product p set skus = s.skus
from (select x.vendor_id, x.product_id, array_agg(x.sku order by x.sku) as skus from variant x
      where x.sku is not null and x.deleted_at is null group by 1, 2) s
where p.vendor_id = s.vendor_id and p.id = s.product_id;

-- What imports wrote otherwise than the API: a variant without options has a title, a price of nothing
-- to compare with is none.
update variant set title = 'Default Title' where title = '';
update variant set compare_at_price = null where compare_at_price = 0;
update product set compare_at_price = null where compare_at_price = 0;

grant update (options, skus) on product to sebez_kernel;

-- Search -----------------------------------------------------------------------------------------

-- Without accents. Immutable as long as nobody edits the dictionary's rules, which are Debian's.
create function folded(text) returns text language sql immutable strict parallel safe
return public.unaccent('public.unaccent'::regdictionary, $1);

-- array_to_string() is not immutable for every type that it takes; for text it is.
create function spaced(text[]) returns text language sql immutable strict parallel safe
return array_to_string($1, ' ');

-- In lower case, as refresh_products() keeps option values.
create function lowered(text[]) returns text[] language sql immutable strict parallel safe
return (select array_agg(lower(t)) from unnest($1) as t);

grant execute on function folded(text), spaced(text[]), lowered(text[])
	to sebez_public, sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

alter table product drop column search;
drop index product_title_trgm;
alter table product
	add column title_folded text generated always as (folded(title)) stored,
	add column search tsvector generated always as (
		setweight(to_tsvector('english', folded(title)), 'A') ||
		setweight(to_tsvector('english', folded(product_type || ' ' || spaced(tags) || ' ' || spaced(skus))), 'B') ||
		setweight(to_tsvector('english', folded(left(description, 20000))), 'C')) stored;
create index product_search on product using gin (search);
create index product_title_trgm on product using gin (title_folded gin_trgm_ops);

-- Functions whose arguments change ---------------------------------------------------------------

set local role sebez_kernel;
drop function category_for_type(text);
drop function vendor_apply(uuid, text, text, text, text, text, text);
