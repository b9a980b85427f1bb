-- Campaigns: what many people are told at once. docs/NOTIFICATIONS.md, "Campaigns".
set local role sebez_owner;

create table campaign (
	id            uuid primary key,
	vendor_id     uuid references vendor (id), -- null: the marketplace's
	name          text not null check (length(name) between 1 and 100), -- for those who run it
	state         text not null default 'draft' check (state in (:CampaignStatus)), -- campaign_moves()
	reason        text, -- why it was refused or stopped
	-- Who is meant: what is not null holds for them. A category that is gone means nobody.
	follows_vendor_id      uuid references vendor (id),
	bought_from_vendor_id  uuid references vendor (id),
	bought_in_category_id  uuid,
	bought_within_days     int check (bought_within_days between 1 and 3650),
	last_order_within_days int check (last_order_within_days between 1 and 3650),
	last_order_before_days int check (last_order_before_days between 1 and 3650),
	languages              text[] check (cardinality(languages) between 1 and 20),
	-- What they are told: lists of {language, title, body}.
	language      text not null, -- for who reads none of the others
	texts         json not null,
	texts_b       json,
	share_b       int not null check (share_b between 0 and 100), -- percent who are told texts_b
	link_to       text not null check (link_to in (:CampaignLinkTo)),
	link_id       uuid not null,
	-- When: at an instant, or when clocks where each recipient lives show it.
	send_at       timestamptz,
	local_at      timestamp,
	per_minute    int not null check (per_minute between 1 and 1000000),
	-- How far it is: campaigns_step().
	next_at       timestamptz, -- of the next step
	pass_at       timestamptz, -- the accounts are gone through for those whose time was until then
	passed_at     timestamptz, -- the same of the pass before
	after_account uuid, -- of the pass; null: none is under way
	minute_at     timestamptz, -- of the throttle
	minute_count  int not null default 0,
	started_at    timestamptz,
	finished_at   timestamptz,
	sent_a        bigint not null default 0,
	sent_b        bigint not null default 0,
	capped        bigint not null default 0, -- who had enough of campaigns that week
	counts        json, -- of the recipients, when their rows are gone
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	updated_at    timestamptz not null default now(),
	-- A vendor reaches its followers, and asks about its own sales only.
	check (vendor_id is null or follows_vendor_id = vendor_id),
	check (vendor_id is null or bought_from_vendor_id is null or bought_from_vendor_id = vendor_id),
	check (send_at is null or local_at is null),
	check (state not in ('scheduled', 'sending') or next_at is not null)
);
create index campaign_next on campaign (next_at, id) where state in ('scheduled', 'sending');
create index campaign_state on campaign (state, id desc);
create index campaign_vendor on campaign (vendor_id, id desc);
create trigger audit after insert or update or delete on campaign for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert (id, vendor_id, name, follows_vendor_id, bought_from_vendor_id, bought_in_category_id,
	bought_within_days, last_order_within_days, last_order_before_days, languages, language, texts, texts_b, share_b,
	link_to, link_id, per_minute), delete,
	update (name, state, reason, follows_vendor_id, bought_from_vendor_id, bought_in_category_id, bought_within_days,
	last_order_within_days, last_order_before_days, languages, language, texts, texts_b, share_b, link_to, link_id,
	per_minute, send_at, local_at, next_at, finished_at, version, updated_at) on campaign to sebez_vendor, sebez_admin;
grant select, update (state, reason, next_at, pass_at, passed_at, after_account, minute_at, minute_count, started_at,
	finished_at, sent_a, sent_b, capped, counts, version, updated_at) on campaign to sebez_jobs;
grant select on campaign to sebez_kernel;
alter table campaign enable row level security, force row level security;
create policy everything on campaign to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on campaign to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Whom a campaign has told. A vendor counts the rows and does not see whose they are.
create table campaign_recipient (
	campaign_id  uuid not null references campaign (id),
	account_id   uuid not null references account (id),
	vendor_id    uuid, -- of the campaign
	variant      text not null check (variant in (:CampaignVariant)),
	notice_id    uuid not null,
	sent_at      timestamptz not null default now(),
	delivered_at timestamptz, -- to a device, or it was opened
	opened_at    timestamptz,
	clicked_at   timestamptz,
	primary key (campaign_id, account_id)
);
create index campaign_recipient_account on campaign_recipient (account_id, notice_id);
create index campaign_recipient_clicked on campaign_recipient (campaign_id, variant) where clicked_at is not null;
create index campaign_recipient_delivered on campaign_recipient (campaign_id, variant) where delivered_at is not null;
create index campaign_recipient_opened on campaign_recipient (campaign_id, variant) where opened_at is not null;

grant select (account_id, notice_id, delivered_at, opened_at, clicked_at), update (delivered_at, opened_at, clicked_at)
	on campaign_recipient to sebez_customer;
grant select (campaign_id, vendor_id, variant, delivered_at, opened_at, clicked_at) on campaign_recipient
	to sebez_vendor, sebez_admin;
grant select, insert, update (delivered_at), delete on campaign_recipient to sebez_jobs;
alter table campaign_recipient enable row level security, force row level security;
create policy everything on campaign_recipient to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on campaign_recipient to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on campaign_recipient for select to sebez_vendor using (vendor_id = current_vendor());

-- Who wants to see a campaign on their own devices before others do.
create table campaign_test (
	campaign_id uuid not null references campaign (id) on delete cascade,
	account_id  uuid not null references account (id),
	vendor_id   uuid, -- of the campaign
	asked_at    timestamptz not null default now(),
	primary key (campaign_id, account_id)
);

grant insert (campaign_id, account_id, vendor_id) on campaign_test to sebez_vendor, sebez_admin;
grant select, delete on campaign_test to sebez_jobs;
alter table campaign_test enable row level security, force row level security;
create policy everything on campaign_test to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_admin on campaign_test for insert to sebez_admin with check (account_id = current_account());
create policy of_vendor on campaign_test for insert to sebez_vendor
	with check (account_id = current_account() and vendor_id = current_vendor());
