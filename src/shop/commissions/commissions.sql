-- Rules of commission, as admins see and change them.

-- commission_rules_lock (): one writes
-- Serializes changes of the rules.
select f.id from platform f for no key update;

-- commission_defaults (): one -> (currency text, tax_basis_points int, basis_points int, now time)
-- What applies where no rule fits.
select f.currency, f.commission_tax_basis_points as tax_basis_points, f.commission_basis_points as basis_points,
       now() as now
from platform f;

-- commission_rules_now (): many -> (rules_version bigint, id uuid, rule_id uuid, name text, vendor_id uuid?,
--     category_id uuid?, product_id uuid?, basis_points int, per_unit bigint, minimum bigint?, maximum bigint?,
--     on_shipping bool, tax_basis_points int?, valid_from time?, valid_until time?, position int)
-- All that are not over, in their order, with the version of all of them together. There is a row without a rule when
-- there is none.
select f.commission_rules_version as rules_version, coalesce(r.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as id,
       coalesce(r.rule_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as rule_id, coalesce(r.name, '') as name,
       r.vendor_id, r.category_id, r.product_id, coalesce(r.basis_points, 0) as basis_points,
       coalesce(r.per_unit, 0) as per_unit, r.minimum, r.maximum, coalesce(r.on_shipping, false) as on_shipping,
       r.tax_basis_points, r.valid_from, r.valid_until, coalesce(r.position, 0) as position
from platform f
left join commission_rule r on r.replaced_at is null and (r.valid_until is null or r.valid_until > now())
order by r.position, r.rule_id;

-- commission_rules_page (id uuid?, after_key bigint, after_id uuid, page_size int): many
-- One rule, or a page of them, in the order in which they are tried.
select r.rule_id as id, r.name, r.position, r.vendor_id, r.category_id, r.product_id, r.basis_points,
       r.per_unit as "per_unit.amount", f.currency as "per_unit.currency",
       case when r.minimum is not null then json_build_object('amount', r.minimum, 'currency', f.currency) end
       as minimum,
       case when r.maximum is not null then json_build_object('amount', r.maximum, 'currency', f.currency) end
       as maximum,
       r.on_shipping, r.tax_basis_points, r.valid_from, r.valid_until, r.version, r.created_at as updated_at,
       [id: (select json_agg(json_build_object('version', o.version, 'basis_points', o.basis_points,
	       'per_unit', json_build_object('amount', o.per_unit, 'currency', f.currency), 'from', json_time(o.created_at),
	       'until', json_time(o.replaced_at)) order by o.version desc)
        from commission_rule o where o.rule_id = r.rule_id) as versions,]
       r.version as "_version", r.position::bigint as "_key"
from commission_rule r cross join platform f
where r.replaced_at is null
[id: and r.rule_id = :id]
[!id: and (r.position::bigint, r.rule_id) > (:after_key, :after_id)
order by r.position, r.rule_id
limit :page_size];

-- commission_rules_count (): one -> (count bigint)
select count(*) as count from commission_rule r where r.replaced_at is null;

-- commission_rule_known (vendor uuid?, category uuid?, product uuid?): one -> (vendor bool, category bool,
--     product_vendor uuid?)
-- Whether these are there, and whose product it is.
select cast(:vendor as uuid) is null or exists (select from vendor v where v.id = :vendor) as vendor,
       cast(:category as uuid) is null or exists (select from category g where g.id = :category) as category,
       (select p.vendor_id from product p where p.id = :product and p.deleted_at is null) as product_vendor;

-- commission_rule_replace (rule uuid, if_match int[]?): maybe -> (version int)
update commission_rule set replaced_at = now() where rule_id = :rule and replaced_at is null
[if_match: and version = any (:if_match)]
returning version;

-- commission_rule_exists (rule uuid): one -> (version int)
select r.version from commission_rule r where r.rule_id = :rule and r.replaced_at is null;

-- commission_rule_insert (id uuid, rule uuid, version int, name text, position int, vendor uuid?, category uuid?,
--     product uuid?, basis_points int, per_unit bigint, minimum bigint?, maximum bigint?, on_shipping bool,
--     tax_basis_points int?, valid_from time?, valid_until time?): none
insert into commission_rule (id, rule_id, version, name, position, vendor_id, category_id, product_id, basis_points,
                             per_unit, minimum, maximum, on_shipping, tax_basis_points, valid_from, valid_until)
values (:id, :rule, :version, :name, :position, :vendor, :category, :product, :basis_points, :per_unit, :minimum,
        :maximum, :on_shipping, :tax_basis_points, :valid_from, :valid_until);

-- commission_goods (product uuid): maybe -> (vendor_id uuid, price bigint, path text?, basis_points int?)
-- A product, its category with those above it, and the own rate of its vendor.
select p.vendor_id, p.price, array_to_string(g.path, ' ') as path, v.commission_basis_points as basis_points
from product p join vendor v on v.id = p.vendor_id left join category g on g.id = p.category_id
where p.id = :product and p.deleted_at is null;

-- commission_sales (days int, most int): many slow -> (vendor_id uuid, product_id uuid, path text?, quantity int,
--     price bigint, commission bigint, count bigint)
-- What was ordered in the last days and not cancelled whole, alike lines together, with the commission of one line.
select l.vendor_id, l.product_id, array_to_string(g.path, ' ') as path, l.quantity, l.price, l.commission,
       count(*) as count
from shop_order o
join sub_order s on s.order_id = o.id and s.state <> 'cancelled'
join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
left join product p on p.vendor_id = l.vendor_id and p.id = l.product_id
left join category g on g.id = p.category_id
where o.id >= uuid_at(now() - make_interval(days => :days))
group by l.vendor_id, l.product_id, g.path, l.quantity, l.price, l.commission
limit :most;
