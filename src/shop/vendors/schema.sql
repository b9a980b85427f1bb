-- Vendors, their staff, their shipping methods.
set local role sebez_owner;

create table vendor (
	id            uuid primary key,
	slug          text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
	name          text not null check (length(name) between 1 and 200),
	description   text not null default '',
	logo_text     text not null default '',
	logo          json, -- as shop/image.h keeps pictures
	banner        json,
	contact_email text,
	contact_phone text,
	state         text not null default 'applied'
	              check (state in (:VendorStatus)),
	state_reason  text,
	commission_basis_points int check (commission_basis_points between 0 and 10000), -- null: the platform's default
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	updated_at    timestamptz not null default now(),
	approved_at   timestamptz,
	name_key      text collate "C" generated always as (left(lower(folded(name)), 40)) stored,
	logo_upload_id   uuid generated always as ((logo #>> '{image_facts,id}')::uuid) stored
	                 references upload (id),
	banner_upload_id uuid generated always as ((banner #>> '{image_facts,id}')::uuid) stored
	                 references upload (id)
);
create index vendor_banner on vendor (banner_upload_id) where banner_upload_id is not null;
create index vendor_by_name on vendor (name_key, id) where state = 'approved';
create index vendor_logo on vendor (logo_upload_id) where logo_upload_id is not null;
create index vendor_name_trgm on vendor using gin ((slug || ' ' || name) gin_trgm_ops);
create index vendor_state on vendor (state, created_at desc, id desc);
create trigger kept before delete or update of id on vendor
	for each row execute function kept();
create trigger audit after insert or update or delete on vendor for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger revoke_polls after update of state on vendor for each row
	when (old.state <> new.state and new.state in ('suspended', 'closed')) execute function revoke_polls();
create trigger track_banner after insert or update of banner on vendor for each row
	execute function track_uploads('banner_upload_id');
create trigger track_logo after insert or update of logo on vendor for each row
	execute function track_uploads('logo_upload_id');
create trigger show_banner after update of formats, uses on upload for each row
	when (new.purpose = 'vendor_banner' and upload_is_shown_anew(old, new))
	execute function show_upload('vendor.banner');
create trigger show_logo after update of formats, uses on upload for each row
	when (new.purpose = 'vendor_logo' and upload_is_shown_anew(old, new)) execute function show_upload('vendor.logo');

grant select (id, slug, name, description, logo_text, logo, banner, state, commission_basis_points, created_at,
	approved_at, name_key) on vendor to sebez_public, sebez_customer;
grant select on vendor to sebez_auth, sebez_jobs;
grant select, update (name, description, logo_text, logo, banner, contact_email, contact_phone, version,
	updated_at) on vendor to sebez_vendor;
grant select, update on vendor to sebez_admin;
grant select, insert, update (version) on vendor to sebez_kernel;
alter table vendor enable row level security, force row level security;
create policy everything on vendor to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on vendor to sebez_auth using (true) with check (true);
create policy published on vendor for select to sebez_public using (state = 'approved');
create policy own on vendor to sebez_vendor using (id = current_vendor()) with check (id = current_vendor());
-- One policy, for its order of evaluation: PostgreSQL evaluates the last of several, by name, first. A function,
-- which is called for vendors that are not approved only: written out, its plan would be prepared in each statement
-- that reads goods, once for every table of them.
create policy of_customer on vendor for select to sebez_customer
	using (state = 'approved' or deals_with_vendor(id));

create table staff (
	vendor_id  uuid not null references vendor (id),
	account_id uuid not null references account (id),
	role       text not null check (role in (:StaffRole)),
	created_at timestamptz not null default now(),
	primary key (vendor_id, account_id)
);
create index staff_account on staff (account_id);
create trigger audit after insert or update or delete on staff for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger revoke_changed_role after update of role on staff for each row
	when (old.role <> new.role) execute function revoke_polls();
create trigger revoke_polls after delete on staff for each row execute function revoke_polls();
-- Unassigns conversations from staff who leave or get a role without conversations.
create trigger unassign_role before update of role on staff for each row
	when (old.role <> new.role) execute function unassign_staff();
create trigger unassign_staff before delete on staff for each row execute function unassign_staff();

grant select on staff to sebez_auth, sebez_customer, sebez_admin, sebez_jobs;
grant select, insert, update, delete on staff to sebez_vendor;
grant select, insert on staff to sebez_kernel;
alter table staff enable row level security, force row level security;
create policy everything on staff to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on staff to sebez_auth using (true) with check (true);
create policy of_customer on staff to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on staff to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table staff_invitation (
	vendor_id   uuid not null references vendor (id),
	id          uuid not null,
	email       text not null check (email = lower(email collate "C")),
	role        text not null check (role in (:StaffRole)),
	token_hash  bytea not null unique,
	invited_by  uuid not null,
	created_at  timestamptz not null default now(),
	expires_at  timestamptz not null,
	accepted_at timestamptz,
	revoked_at  timestamptz,
	email_key   text not null, -- see account.email_key
	primary key (vendor_id, id)
);
-- Purged together with sessions (src/shop/accounts/upkeep.c).
create index staff_invitation_age on staff_invitation (expires_at);
create trigger audit after insert or update or delete on staff_invitation for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert, update, delete on staff_invitation to sebez_vendor;
grant select on staff_invitation to sebez_admin;
grant select, delete on staff_invitation to sebez_jobs;
grant select, update (accepted_at) on staff_invitation to sebez_kernel;
alter table staff_invitation enable row level security, force row level security;
create policy everything on staff_invitation to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on staff_invitation to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table shipping_method (
	vendor_id     uuid not null references vendor (id),
	id            uuid not null,
	name          text not null check (length(name) between 1 and 100),
	price         bigint not null check (price >= 0),
	currency      text not null,
	free_above    bigint check (free_above >= 0), -- free from this subtotal of the group
	handling_days int not null default 3 check (handling_days between 0 and 90),
	active        boolean not null default true,
	position      int not null default 0,
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	countries     text[] not null default '{}' check (cardinality(countries) <= 300),
	primary key (vendor_id, id)
);
create trigger audit after insert or update or delete on shipping_method for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on shipping_method to sebez_public, sebez_customer, sebez_admin;
grant select, insert, update, delete on shipping_method to sebez_vendor;
alter table shipping_method enable row level security, force row level security;
create policy everything on shipping_method to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy published on shipping_method for select to sebez_public, sebez_customer using (active);
create policy of_vendor on shipping_method to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Customers who follow a vendor. Its staff may count them; who they are is known to themselves and to jobs alone.
create table vendor_follow (
	account_id uuid not null references account (id),
	vendor_id  uuid not null references vendor (id),
	since      timestamptz not null default now(),
	primary key (account_id, vendor_id)
);
create index vendor_follow_latest on vendor_follow (account_id, since desc, vendor_id desc);
create index vendor_follow_vendor on vendor_follow (vendor_id, account_id);

grant select, insert (account_id, vendor_id), delete on vendor_follow to sebez_customer;
grant select (vendor_id) on vendor_follow to sebez_vendor;
grant select on vendor_follow to sebez_jobs;
alter table vendor_follow enable row level security, force row level security;
create policy everything on vendor_follow to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on vendor_follow to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on vendor_follow for select to sebez_vendor using (vendor_id = current_vendor());
