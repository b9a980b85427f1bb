-- Rules of commission. docs/MONEY.md, "Commission".
set local role sebez_owner;

-- One version of a rule, which is never changed: what was sold by it refers to it.
create table commission_rule (
	id           uuid primary key, -- of the version
	rule_id      uuid not null, -- of the rule, the same in all its versions
	version      int not null,
	name         text not null check (length(name) between 1 and 100),
	position     int not null check (position between 1 and 10000), -- the first that fits applies; then by rule_id
	-- What it is for: what is not null must agree. A category means those below it, too; one that is gone, nothing.
	vendor_id    uuid references vendor (id),
	category_id  uuid,
	product_id   uuid,
	-- What it takes: a rate, an amount for each unit, and bounds of their sum for each unit.
	basis_points int not null check (basis_points between 0 and 10000),
	per_unit     bigint not null check (per_unit between 0 and 100000000000),
	minimum      bigint check (minimum between 0 and 100000000000),
	maximum      bigint check (maximum between 0 and 100000000000),
	on_shipping  boolean not null, -- the rate is taken of the share of the shipping, too
	tax_basis_points int check (tax_basis_points between 0 and 10000), -- null: the marketplace's
	valid_from   timestamptz,
	valid_until  timestamptz,
	created_at   timestamptz not null default now(),
	replaced_at  timestamptz, -- by another version, or removed
	unique (rule_id, version),
	foreign key (vendor_id, product_id) references product (vendor_id, id),
	check (product_id is null or vendor_id is not null),
	check (minimum <= maximum),
	check (valid_from < valid_until)
);
create unique index commission_rule_current on commission_rule (rule_id) where replaced_at is null;
create index commission_rule_product on commission_rule (vendor_id, product_id);
create trigger kept before delete or update of id, rule_id, version, name, position, vendor_id, category_id, product_id,
	basis_points, per_unit, minimum, maximum, on_shipping, tax_basis_points, valid_from, valid_until
	on commission_rule for each row execute function kept();
create trigger audit after insert or update on commission_rule for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger commissions_changed after insert or update on commission_rule
	for each statement execute function commissions_changed();

grant select, insert, update (replaced_at) on commission_rule to sebez_admin;
grant select on commission_rule to sebez_jobs, sebez_kernel;
grant select (id, name, vendor_id) on commission_rule to sebez_vendor; -- shown beside what was taken
alter table commission_rule enable row level security, force row level security;
create policy everything on commission_rule to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on commission_rule for select to sebez_vendor
	using (vendor_id is null or vendor_id = current_vendor());
