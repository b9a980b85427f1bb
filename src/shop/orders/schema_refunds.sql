-- What was granted back of sub-orders after they were shipped. When the money goes, the payment says. docs/MONEY.md.
set local role sebez_owner;

create table sub_order_refund (
	vendor_id    uuid not null,
	id           uuid not null unique,
	sub_order_id uuid not null,
	account_id   uuid not null, -- the customer
	amount       bigint not null check (amount >= 0), -- 0: of goods without a price
	currency     text not null,
	shipping     bigint not null default 0 check (shipping >= 0), -- of the amount
	goodwill     bigint not null default 0 check (goodwill >= 0), -- of the amount
	goodwill_by  text check (goodwill_by in (:GoodwillBy)),
	commission_kept boolean not null, -- on what was refunded
	reason       text not null,
	actor        text not null check (actor in (:MovedBy)),
	actor_id     uuid,
	created_at   timestamptz not null default now(),
	primary key (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	check ((goodwill > 0) = (goodwill_by is not null))
);
create index sub_order_refund_sub_order on sub_order_refund (vendor_id, sub_order_id, id);
create trigger kept before delete or update on sub_order_refund for each row execute function kept();
create trigger audit after insert on sub_order_refund for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on sub_order_refund to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert on sub_order_refund to sebez_kernel;
alter table sub_order_refund enable row level security, force row level security;
create policy everything on sub_order_refund to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on sub_order_refund for select to sebez_customer using (account_id = current_account());
create policy of_vendor on sub_order_refund for select to sebez_vendor using (vendor_id = current_vendor());

create table sub_order_refund_line (
	vendor_id     uuid not null,
	refund_id     uuid not null,
	order_line_id uuid not null,
	account_id    uuid not null,
	quantity      int not null check (quantity > 0),
	restocked     boolean not null, -- it can be sold again
	primary key (vendor_id, refund_id, order_line_id),
	foreign key (vendor_id, refund_id) references sub_order_refund (vendor_id, id),
	foreign key (vendor_id, order_line_id) references order_line (vendor_id, id)
);
create index sub_order_refund_line_line on sub_order_refund_line (vendor_id, order_line_id);
create trigger kept before delete or update on sub_order_refund_line for each row execute function kept();

grant select on sub_order_refund_line to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert on sub_order_refund_line to sebez_kernel;
alter table sub_order_refund_line enable row level security, force row level security;
create policy everything on sub_order_refund_line to sebez_admin, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on sub_order_refund_line for select to sebez_customer using (account_id = current_account());
create policy of_vendor on sub_order_refund_line for select to sebez_vendor using (vendor_id = current_vendor());
