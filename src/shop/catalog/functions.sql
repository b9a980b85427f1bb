-- The catalogue: categories made by imports and removed by admins, and derived columns of products.
set local role sebez_kernel;

-- Finds an existing category for a level of a product type: by name, else by slug where slug_is_name. The first
-- level may match anywhere in the tree, because vendors write "Lamps" for Home > Lamps. Slugs of lower levels
-- may begin with their parent's, as category_make() makes them. Volatile, because it is called again under a
-- lock.
create or replace function category_named(parent uuid, name text, slug text, slug_is_name boolean) returns uuid
language plpgsql as $$ -- called only by the functions below, which set the rights and the search path
begin
	return (
		select c.id from category c
		where (category_named.parent is null or c.parent_id = category_named.parent)
		and (lower(c.name) = lower(category_named.name)
		     or category_named.slug_is_name
		     and c.slug in (category_named.slug, (select p.slug || '-' || category_named.slug
		                                          from category p where p.id = category_named.parent)))
		order by c.parent_id is not distinct from category_named.parent desc,
		         lower(c.name) = lower(category_named.name) desc, cardinality(c.path), c.id
		limit 1);
end $$;

-- Makes a category for an import of the acting vendor. Returns null when the vendor is not approved or has
-- reached its limit, the tree is full, or the category would be too deep.
create or replace function category_make(parent uuid, name text, slug text, slug_is_name boolean,
	vendor_most int, tree_most int) returns uuid language plpgsql as $$
declare
	existing uuid;
	made uuid := gen_random_uuid();
	tail text := right(made::text, 12);
	above category;
begin
	if not exists (select from vendor v where v.id = current_vendor() and v.state = 'approved') then
		return null;
	end if;
	perform pg_advisory_xact_lock(hashtextextended('sebez categories', 0)); -- prevents duplicates
	select c.* into above from category c where c.id = category_make.parent;
	existing := category_named(parent, name, slug, slug_is_name);
	if existing is not null then
		return existing;
	elsif cardinality(above.path) >= 8 or (select count(*) from category c) >= tree_most
	or (select count(*) from category c where c.made_for = current_vendor()) >= vendor_most then
		return null;
	end if;
	slug := (
		select s.slug from unnest(array[nullif(category_make.slug, ''),
			trim(both '-' from left(above.slug || '-' || nullif(category_make.slug, ''), 120)),
			left(coalesce(nullif(category_make.slug, ''), 'category'), 107) || '-' || tail])
			with ordinality as s (slug, position)
		where s.slug is not null and not exists (select from category c where c.slug = s.slug)
		order by s.position limit 1);
	insert into category (id, parent_id, slug, name, path, made_for)
	values (made, parent, slug, name, '{}', current_vendor());
	return made;
end $$;

-- The category of an imported product type such as "Home > Lamps"; missing levels are made where allowed;
-- null when a level remains missing. levels: [{"name": …, "slug": … or "", "slug_is_name": …}, …], made in C.
create or replace function category_of_type(levels json, vendor_most int, tree_most int) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	level record;
	parent uuid;
	found_id uuid;
begin
	for level in select * from json_to_recordset(levels) as l (name text, slug text, slug_is_name boolean) loop
		found_id := coalesce(category_named(parent, level.name, level.slug, level.slug_is_name),
			category_make(parent, level.name, level.slug, level.slug_is_name, vendor_most, tree_most));
		if found_id is null then
			return null;
		end if;
		parent := found_id;
	end loop;
	return parent;
end $$;
grant execute on function category_of_type(json, int, int) to sebez_vendor;

-- What the listing must contain. PostgreSQL inlines it, so a condition on the product or the vendor selects by
-- index.
create or replace function listing_rows()
returns table (category_id uuid, product_id uuid, vendor_id uuid, created_at timestamptz, price bigint, sold bigint)
language sql stable as $$
	select k.category_id, p.id, p.vendor_id, p.created_at, p.price, s.units
	from product p
	join vendor v on v.id = p.vendor_id and v.state = 'approved'
	left join category c on c.id = p.category_id
	cross join lateral (select coalesce(sum(w.units), 0)::bigint as units
	                    from product_sale w where w.product_id = p.id) s
	cross join lateral (select '00000000-0000-0000-0000-000000000000'::uuid as category_id
	                    union all select unnest(c.path)) k
	where p.visible
$$;

-- Recomputes the columns that products derive from their variants, vendor and status, and their listing rows.
-- Called in the transaction of every write that could change them.
create or replace function refresh_products(product_ids uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	-- Lock in a fixed order, so that two refreshes never deadlock. Vendors and categories are locked for
	-- share: writers that change them lock their products first, too.
	perform from product p where p.id = any (product_ids) order by p.id for no key update;
	perform from vendor v
	where v.id in (select p.vendor_id from product p where p.id = any (product_ids)) order by v.id for share;
	perform from category c
	where c.id in (select p.category_id from product p where p.id = any (product_ids)) order by c.id for share;

	perform refresh_options(product_ids);
	update product p
	set visible = d.visible, price = coalesce(d.price, 0), compare_at_price = d.compare_at_price,
	    in_stock = d.in_stock
	from (
		select p.id, p.status = 'active' and p.unlisted_at is null and c.price is not null as visible,
		       c.price, c.compare_at_price, s.in_stock
		from product p
		left join lateral (
			select x.price, x.compare_at_price from variant x
			where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null
			order by x.price, x.position limit 1) c on true
		cross join lateral (
			select coalesce(bool_or(not x.tracked or x.available > 0 or x.backorder), false) as in_stock
			from variant x
			where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null) s
		where p.id = any (product_ids)
	) d
	where p.id = d.id
	and (p.visible, p.price, p.compare_at_price, p.in_stock)
	    is distinct from (d.visible, coalesce(d.price, 0), d.compare_at_price, d.in_stock);

	delete from listing l using product p, vendor v
	where l.product_id = any (product_ids) and p.id = l.product_id and v.id = p.vendor_id
	and not (p.visible and v.state = 'approved' and (l.category_id = '00000000-0000-0000-0000-000000000000'
	         or l.category_id in (select unnest(c.path) from category c where c.id = p.category_id)));

	insert into listing (category_id, product_id, vendor_id, created_at, price, sold)
	select r.* from listing_rows() r where r.product_id = any (product_ids)
	on conflict (product_id, category_id) do update
	set price = excluded.price, created_at = excluded.created_at
	where (listing.price, listing.created_at) is distinct from (excluded.price, excluded.created_at);

	perform refresh_search(product_ids);
end $$;
grant execute on function refresh_products(uuid[]) to sebez_vendor, sebez_admin, sebez_jobs;

-- Removes a vendor's products from the listing when it loses approval, and adds them again with approval. The
-- caller has locked the products. Writes only the listing and the search rows; the products themselves do not change.
create or replace function refresh_vendor(vendor uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from vendor v where v.id = vendor and v.state = 'approved' for no key update;
	if not found then
		delete from listing l where l.vendor_id = vendor;
	else
		insert into listing (category_id, product_id, vendor_id, created_at, price, sold)
		select r.* from listing_rows() r where r.vendor_id = vendor
		on conflict (product_id, category_id) do nothing;
	end if;
	update product_search s set published = not s.published
	where s.vendor_id = vendor
	and s.published <> exists (select from listing l where l.product_id = s.product_id);
end $$;
grant execute on function refresh_vendor(uuid) to sebez_admin;

-- Sets the values of each option to those that variants have: in the stored order, then in that of the
-- variants. For refresh_products().
create or replace function refresh_options(product_ids uuid[]) returns void
language sql set search_path = public, pg_temp as $$
	update product p set options = d.options
	from (
		select p.id, json_agg(json_build_object('name', o.value ->> 'name', 'values', coalesce(v.used, '[]'))
		                      order by o.position) as options
		from product p
		cross join json_array_elements(p.options) with ordinality as o (value, position)
		cross join lateral (
			select json_agg(u.value order by s.position, u.first) as used
			from (select case o.position when 1 then x.option1 when 2 then x.option2 else x.option3 end as value,
			             min(x.position) as first
			      from variant x
			      where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null group by 1) u
			left join (select t.value, min(t.position) as position
			           from json_array_elements_text(o.value -> 'values') with ordinality as t (value, position)
			           group by 1) s
			on s.value = u.value
			where u.value is not null) v
		where p.id = any (product_ids)
		group by p.id
	) d
	where p.id = d.id and p.options::jsonb <> d.options::jsonb;
$$;

set local role sebez_owner;

-- Removes a category from the tree and moves its products and subcategories to another; without one, the
-- category must be empty. Runs with the rights of the calling admin.
create or replace function category_remove(category_id uuid, into_id uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	products uuid[];
begin
	-- Lock all rows that change: products before categories, as every write of a product does.
	products := array(
		select p.id from product p
		where p.category_id in (select c.id from category c where c.path @> array[category_remove.category_id])
		order by p.id for no key update);
	perform from category c
	where c.path @> array[category_remove.category_id] or c.id = into_id order by c.id for no key update;
	if not exists (select from category c where c.id = category_remove.category_id) then
		raise exception 'Category not found' using errcode = 'SB404';
	elsif into_id is null and (products <> '{}'
	or exists (select from category c where c.parent_id = category_remove.category_id)) then
		raise exception 'The category is not empty; move its content with the parameter into' using errcode = 'SB409';
	elsif into_id is not null and not exists (select from category c where c.id = into_id
	and not c.path @> array[category_remove.category_id]) then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
			'field', '?into', 'code', 'unknown', 'detail', 'Not found, or inside the category to delete.');
	end if;
	update product p set category_id = into_id, version = p.version + 1, updated_at = now()
	where p.category_id = category_remove.category_id;
	update category c set parent_id = into_id, version = c.version + 1
	where c.parent_id = category_remove.category_id;
	perform category_paths(into_id);
	delete from category c where c.id = category_remove.category_id;
	perform refresh_products(products);
end $$;
grant execute on function category_remove(uuid, uuid) to sebez_admin;

-- Updates the paths below a category whose own path is correct.
create or replace function category_paths(category_id uuid) returns void
language sql set search_path = public, pg_temp as $$
	with recursive below (id, path) as (
		select c.id, c.path from category c where c.id = category_paths.category_id
		union all
		select c.id, b.path || c.id from category c join below b on c.parent_id = b.id
	)
	update category c set path = b.path from below b where c.id = b.id and c.path <> b.path;
$$;
grant execute on function category_paths(uuid) to sebez_admin;

-- Updates the planner's statistics of tables that an import has filled. Autovacuum would, too, but a minute
-- late: until then every lookup by key would read all of the vendor's rows.
create or replace function analyze_catalog() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	analyze product, variant, stock_adjustment, listing, product_search;
end $$;
grant execute on function analyze_catalog() to sebez_vendor;

create or replace function category_path() returns trigger language plpgsql set search_path = public as $$
declare
	below int := 0; -- levels
begin
	-- Lock the parent, so that it is not moved meanwhile.
	new.path := coalesce((select c.path from category c where c.id = new.parent_id for share), '{}') || new.id;
	if tg_op = 'UPDATE' then
		select max(cardinality(c.path)) - cardinality(old.path) into below
		from category c where c.path @> array[new.id];
	end if;
	if cardinality(new.path) + below > 8 or new.id = any (new.path[:cardinality(new.path) - 1]) then
		raise exception 'A category cannot be its own descendant, nor deeper than eight levels'
			using errcode = 'SB409';
	end if;
	return new;
end $$;
