-- Carts. A guest's cart belongs to the hash of a token.
set local role sebez_owner;

create table cart (
	id         uuid primary key,
	account_id uuid references account (id),
	guest_hash text,
	state      text not null default 'open' check (state in ('open', 'ordered', 'merged')),
	version    int not null default 1, -- incremented by every change of a line
	created_at timestamptz not null default now(),
	updated_at timestamptz not null default now(),
	check (account_id is not null or guest_hash is not null)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05); -- room for HOT updates of version and updated_at
-- By creation, which never changes; few carts are used for longer than they are kept without use.
create index cart_guest_created on cart (created_at) where account_id is null;
create unique index cart_open_account on cart (account_id) where state = 'open';
create unique index cart_open_guest on cart (guest_hash) where state = 'open' and account_id is null;
create trigger kept before delete or update of id on cart
	for each row when (old.state = 'ordered') execute function kept();

grant select, insert, update, delete on cart to sebez_auth;
grant select, insert, update on cart to sebez_customer;
grant select, update (state, updated_at), delete on cart to sebez_jobs;
grant select on cart to sebez_kernel;
alter table cart enable row level security, force row level security;
create policy everything on cart to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on cart to sebez_auth using (true) with check (true);
-- Each arm matches an index, so that an open cart is found without reading others' carts.
create policy own on cart to sebez_customer
	using (account_id = current_account() or account_id is null and guest_hash = current_guest())
	with check (account_id = current_account() or account_id is null and guest_hash = current_guest());

create table cart_line (
	cart_id    uuid not null references cart (id) on delete cascade,
	vendor_id  uuid not null,
	variant_id uuid not null,
	quantity   int not null check (quantity between 1 and 9999),
	-- Copied when put in: shown when the goods are no longer published.
	product_id    uuid not null,
	title         text not null,
	variant_title text not null,
	vendor_name   text not null,
	price         bigint not null,
	added_at   timestamptz not null default now(),
	primary key (cart_id, variant_id),
	foreign key (vendor_id, variant_id) references variant (vendor_id, id)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
create index cart_line_variant on cart_line (vendor_id, variant_id);

grant select, insert, update, delete on cart_line to sebez_auth, sebez_customer;
grant select, delete on cart_line to sebez_jobs;
alter table cart_line enable row level security, force row level security;
create policy everything on cart_line to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on cart_line to sebez_auth using (true) with check (true);
-- Looks up each line's cart, so that an account's old carts are not scanned first.
create policy own on cart_line to sebez_customer
	using (exists (select from cart c where c.id = cart_line.cart_id))
	with check (exists (select from cart c where c.id = cart_line.cart_id));
