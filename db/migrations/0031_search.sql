-- What products are searched by leaves the products. A search's operators (@@, <%, @>) are not leakproof,
-- so PostgreSQL never uses their indexes for a role that has policies on the table. It is in a table of
-- its own now, that only the kernel reads; functions/search.sql fills it, and has the functions that say
-- what was found.
set local role sebez_owner;

alter table product drop column search, drop column title_folded;
drop index product_option_values;
drop function if exists is_searched_for(tsvector, text, text);

create table product_search (
	vendor_id     uuid not null,
	product_id    uuid not null,
	published     boolean not null, -- is on the listing
	source        bigint not null,  -- hash of the texts that words and title are made of
	words         tsvector not null,
	title         text not null,    -- folded, for typing errors
	option_values text[] not null,
	primary key (vendor_id, product_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id) on delete cascade
);
create index product_search_words on product_search using gin (words);
create index product_search_title on product_search using gin (title gin_trgm_ops);
create index product_search_option_values on product_search using gin (option_values);

alter table product_search enable row level security;
alter table product_search force row level security;
create policy everything on product_search to sebez_kernel, sebez_owner using (true) with check (true);
grant select, insert, update, delete on product_search to sebez_kernel;

-- Indexes for what was read by walking a whole table.
create index account_admin_role on account (admin_role) where admin_role is not null;
create index message_report_created on message_report (created_at desc, id desc);
drop index shipment_sub_order;
create index shipment_sub_order on shipment (sub_order_id); -- admins and the clock name no vendor
