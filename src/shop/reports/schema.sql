-- What was sold and given back, by line and journal, and the sums of it that reports read. docs/MONEY.md, "Reports".
set local role sebez_owner;

-- What a journal of a sub-order changed for one of its lines; note_sales() splits the amounts of its entries. Never
-- changed. Positive amounts are what the journal added.
create table sale_line (
	vendor_id      uuid not null,
	order_line_id  uuid not null,
	journal_id     uuid not null,
	sub_order_id   uuid not null,
	product_id     uuid not null,
	category_id    uuid, -- of the product, when the journal was written
	country        text not null, -- of the delivery; '': none
	at             timestamptz not null, -- of the journal's id, as for statements
	is_sale        boolean not null, -- the journal is of money that came; else what it changes was given back
	units          bigint not null,
	goods          bigint not null,
	shipping       bigint not null,
	discount       bigint not null,
	tax            bigint not null,
	service_fee    bigint not null,
	commission     bigint not null,
	commission_tax bigint not null,
	goodwill       bigint not null, -- that the vendor gave
	platform_goodwill bigint not null, -- that the marketplace gave
	primary key (vendor_id, order_line_id, journal_id)
);
create index sale_line_journal on sale_line (journal_id);
create trigger kept before delete or update on sale_line for each row execute function kept();

grant select on sale_line to sebez_vendor, sebez_admin;
grant select, insert on sale_line to sebez_kernel;
alter table sale_line enable row level security, force row level security;
create policy everything on sale_line to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on sale_line for select to sebez_vendor using (vendor_id = current_vendor());

-- The journals whose lines are not in the sums yet.
create table sale_uncounted (
	vendor_id  uuid not null,
	journal_id uuid not null,
	primary key (vendor_id, journal_id)
);

grant select on sale_uncounted to sebez_vendor, sebez_admin;
grant select, insert, delete, update on sale_uncounted to sebez_kernel; -- update: to lock
alter table sale_uncounted enable row level security, force row level security;
create policy everything on sale_uncounted to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on sale_uncounted for select to sebez_vendor using (vendor_id = current_vendor());

-- The sums of lines that were counted, by vendor and day and month (UTC) of the journals: of all, and of each
-- product, category and country. key: which of them.
create table vendor_sales (
	vendor_id      uuid not null,
	dimension      text not null check (dimension in ('all', 'product', 'category', 'country')),
	grain          text not null check (grain in ('day', 'month')),
	start          date not null,
	key            text not null,
	orders         bigint not null,
	units          bigint not null,
	returned       bigint not null,
	gross          bigint not null,
	discount       bigint not null,
	shipping       bigint not null,
	tax            bigint not null,
	refunds        bigint not null,
	refunded_tax   bigint not null,
	service_fee    bigint not null,
	commission     bigint not null,
	commission_tax bigint not null,
	goodwill       bigint not null, -- that the marketplace gave; the vendor's is among refunds
	primary key (vendor_id, dimension, grain, start, key)
);

grant select on vendor_sales to sebez_vendor, sebez_admin;
grant select, insert, update on vendor_sales to sebez_kernel;
alter table vendor_sales enable row level security, force row level security;
create policy everything on vendor_sales to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on vendor_sales for select to sebez_vendor using (vendor_id = current_vendor());

-- The same of all vendors together, and of each.
create table platform_sales (
	dimension      text not null check (dimension in ('all', 'vendor', 'category', 'country')),
	grain          text not null check (grain in ('day', 'month')),
	start          date not null,
	key            text not null,
	orders         bigint not null,
	units          bigint not null,
	returned       bigint not null,
	gross          bigint not null,
	discount       bigint not null,
	shipping       bigint not null,
	tax            bigint not null,
	refunds        bigint not null,
	refunded_tax   bigint not null,
	service_fee    bigint not null,
	commission     bigint not null,
	commission_tax bigint not null,
	goodwill       bigint not null,
	primary key (dimension, grain, start, key)
);

grant select on platform_sales to sebez_admin;
grant select, insert, update on platform_sales to sebez_kernel;
alter table platform_sales enable row level security, force row level security;
create policy everything on platform_sales to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);

-- After the statement that inserts journals and their entries.
create trigger note_sales after insert on journal
	referencing new table as written for each statement execute function note_sales();
