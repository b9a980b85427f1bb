-- The category tree, maintained by admins. Every write is in the audit log.

-- admin_category (id uuid): one
select c.id, c.slug, c.name, c.parent_id,
       (select string_agg(a.slug, '/' order by t.position)
        from unnest(c.path) with ordinality as t (id, position) join category a on a.id = t.id) as path,
       cardinality(c.path) - 1 as depth, c.return_days, c.image
from category c
where c.id = :id;

-- admin_category_insert (id uuid, parent uuid?, slug text, name text, position int, image json?,
--     return_days int?): one
insert into category (id, parent_id, slug, name, position, image, path, return_days)
values (:id, :parent, :slug, :name, :position, :image, '{}', :return_days);

-- admin_category_lock (id uuid): one -> (held bigint)
-- Locks all rows that a move changes: products before categories, as every write of a product does.
with products as materialized (
	select p.id from product p
	where p.category_id in (select c.id from category c where c.path @> array[:id])
	order by p.id for no key update
), below as materialized (
	select c.id from category c
	where c.path @> array[:id] and (select count(*) from products) >= 0
	order by c.id for no key update
)
select count(*) as held from below;

-- admin_category_update (id uuid, name text?, slug text?, parent_given bool, parent uuid?, position int?,
--     image_given bool, image json?, return_days_given bool, return_days int?): one
update category
set name = coalesce(:name, name), slug = coalesce(:slug, slug), position = coalesce(:position, position),
    version = version + 1
    [parent_given: , parent_id = :parent]
    [image_given: , image = :image]
    [return_days_given: , return_days = :return_days]
where id = :id;

-- admin_category_descendants (id uuid): one writes
-- Updates the paths of the descendants after a move.
select category_paths(:id);

-- admin_category_remove (id uuid, into uuid?): one writes
select category_remove(:id, :into);

-- admin_category_refresh (id uuid): one writes
select refresh_products(array(
	select p.id from product p
	where p.category_id in (select c.id from category c where c.path @> array[:id])));
