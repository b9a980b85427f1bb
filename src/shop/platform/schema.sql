-- The marketplace's settings, and the audit log.
set local role sebez_owner;

create table platform (
	id                      boolean primary key default true check (id), -- exactly one row
	currency                text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
	service_fee_fixed       bigint not null default 0 check (service_fee_fixed >= 0),
	service_fee_basis_points int not null default 0 check (service_fee_basis_points between 0 and 10000),
	commission_basis_points int not null default 1000 check (commission_basis_points between 0 and 10000),
	payment_hours           int not null default 72 check (payment_hours between 1 and 8760),
	accept_hours            int not null default 48 check (accept_hours between 1 and 8760),
	complete_days           int not null default 14 check (complete_days between 1 and 365),
	version                 int not null default 1,
	chat_phone              text not null default 'allow' check (chat_phone in (:ContactRule)),
	chat_email              text not null default 'allow' check (chat_email in (:ContactRule)),
	chat_link               text not null default 'allow' check (chat_link in (:ContactRule)),
	chat_retention_days     int not null default 1095 check (chat_retention_days between 1 and 36500),
	ship_grace_days         int not null default 7 check (ship_grace_days between 1 and 365),
	hold_days               int not null default 7 check (hold_days between 0 and 365),
	campaigns_per_week      int not null default 3 check (campaigns_per_week between 0 and 100),
	commission_tax_basis_points int not null default 0 check (commission_tax_basis_points between 0 and 10000),
	payout_schedule         text not null default 'weekly' check (payout_schedule in (:PayoutSchedule)),
	payout_minimum          bigint not null default 0 check (payout_minimum >= 0),
	payout_approvals        int not null default 1 check (payout_approvals between 0 and 2), -- by so many admins
	payout_reserve_basis_points int not null default 0 check (payout_reserve_basis_points between 0 and 10000),
	payout_reserve_days     int not null default 0 check (payout_reserve_days between 0 and 365),
	commission_rules_version bigint not null default 0, -- of all rules together
	two_factor_admins_since timestamptz, -- when second factors were demanded of admins; null: they are not
	two_factor_staff_since  timestamptz, -- and of the staff of vendors
	two_factor_grace_days   int not null default 14 check (two_factor_grace_days between 0 and 90),
	admin_networks          cidr[] not null default '{}' check (cardinality(admin_networks) <= 32), -- empty: any
	refund_keeps_commission boolean not null default false, -- on what is refunded after it was shipped
	return_days             int not null default 14 check (return_days between 0 and 365), -- since delivery
	return_answer_days      int not null default 3 check (return_answer_days between 1 and 60),
	return_ship_days        int not null default 14 check (return_ship_days between 1 and 60),
	dispute_days            int not null default 30 check (dispute_days between 0 and 365), -- since delivery
	dispute_answer_days     int not null default 5 check (dispute_answer_days between 1 and 60),
	chargebacks_borne_by    text not null default 'vendor' check (chargebacks_borne_by in (:GoodwillBy)),
	chargeback_fees_borne_by text not null default 'marketplace' check (chargeback_fees_borne_by in (:GoodwillBy))
);
insert into platform default values;
create trigger audit after insert or update or delete on platform for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on platform to sebez_public, sebez_customer, sebez_vendor, sebez_jobs, sebez_kernel;
grant select, update on platform to sebez_admin;

create table audit_log (
	id          bigint generated always as identity primary key,
	at          timestamptz not null default now(),
	actor       text not null, -- staff, admin
	account_id  uuid,
	vendor_id   uuid,
	action      text not null, -- insert, update, delete, import
	object_kind text not null, -- name of the table
	object_id   uuid,
	before      jsonb,
	after       jsonb,
	request_id  text,
	reason      text
);
create index audit_log_account on audit_log (account_id, id desc);
create index audit_log_object on audit_log (object_id, id desc);
create index audit_log_vendor on audit_log (vendor_id, id desc);

grant select on audit_log to sebez_admin;
alter table audit_log enable row level security, force row level security;
create policy everything on audit_log to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
