-- Uploads: files that people send or that we fetch from a URL. docs/MEDIA.md.
--
-- These tables come before those of accounts and vendors, which refer to their pictures here. So the owners have
-- no foreign keys: accounts and vendors are never deleted (kept()), upload_create() finds them, checks.sql searches.
set local role sebez_owner;

create table upload (
	id            uuid primary key,
	account_id    uuid, -- who sent it; null: fetched by an import
	vendor_id     uuid, -- for the purposes of vendors
	-- Whose quota it counts for, and within whom equal files share their objects.
	owner_id      uuid not null generated always as (coalesce(vendor_id, account_id)) stored,
	purpose       text not null check (purpose in (:UploadPurpose)),
	visibility    text not null check (visibility in ('public', 'private')),
	state         text not null default 'waiting' check (state in (:UploadState)),
	failure       text check (failure in (:UploadFailure)),
	content_type  text, -- as declared; null: not known until it is fetched
	bytes         bigint check (bytes > 0),
	part_count    int check (part_count > 0), -- objects incoming/<id>/1 and so on
	sha256        bytea check (octet_length(sha256) = 32), -- as declared; of the original once it is ready
	-- It is fetched from there, for a vendor, when something has shown it by that address.
	source_url    text,
	turned_url    text, -- where that has led, while the turn of this host is waited for
	-- That is asked next; without the ports 80 and 443, so that http and https are one.
	source_host   text generated always as (lower(regexp_replace(substring(coalesce(turned_url, source_url)
	              from '^[^:]*://([^/?#]*)'), ':(80|443)?$', ''))) stored,
	etag          text, -- of the server, for the next time
	fetched_at    timestamptz, -- the server was last asked with success
	http_status   int, -- why it failed, when a server said so
	replaces      uuid, -- the upload of the same address that this one takes the place of
	superseded    boolean not null default false, -- another upload has its address

	-- What the media process found and made. The objects are <visibility>/<object_group>/….
	object_group  text check (object_group ~ '^[0-9a-f]{32}$'),
	width         int check (width > 0), -- the right way up
	height        int check (height > 0),
	thumbhash     bytea,
	color         int check (color between 0 and 16777215),
	near_hash     bigint,
	animated      boolean not null default false,
	widths        int[] not null default '{}',
	formats       text[] not null default '{}' check (formats <@ '{jpg,webp,avif}'),
	formats_at    timestamptz, -- they were last changed
	bytes_stored  bigint not null default 0 check (bytes_stored >= 0),

	created_at    timestamptz not null default now(),
	expires_at    timestamptz not null, -- of the right to send

	-- What the media process does next: fetch (also of a ready one: whether it has changed), publish (check, make
	-- and publish the files), avif (add AVIF), tidy (delete the parts). A claim is a lease.
	work          text check (work in ('fetch', 'publish', 'avif', 'tidy')),
	-- 0 somebody waits, 1 its AVIF, 2 import, 3 its AVIF
	priority      smallint not null default 0 check (priority between 0 and 3),
	claimed_until timestamptz,
	attempts      int not null default 0,

	-- Maintained by track_uploads(): the rows that refer to it, and since when none does.
	uses          int not null default 0 check (uses >= 0),
	released_at   timestamptz default now(),
	kept          boolean not null default false, -- an order line shows it: never removed
	removed_at    timestamptz, -- its objects are being deleted; it can no longer be used
	charged       bigint not null generated always as (case state when 'failed' then 0 when 'ready' then bytes_stored
	              else coalesce(bytes, 0) end) stored, -- to the owner's quota

	check ((state = 'failed') = (failure is not null)),
	check (state <> 'ready' or (object_group is not null and sha256 is not null and bytes is not null
	       and content_type is not null)),
	check (case state when 'waiting' then work is null
	       when 'processing' then coalesce(work, 'publish') in ('fetch', 'publish')
	       when 'ready' then coalesce(work, 'avif') in ('fetch', 'avif', 'tidy')
	       else coalesce(work, 'tidy') = 'tidy' end),
	check (source_url is null or vendor_id is not null),
	check (work is distinct from 'fetch' or (source_url is not null and claimed_until is not null)),
	check (source_url is not null or (account_id is not null and content_type is not null and bytes is not null
	       and part_count is not null)),
	check ((uses > 0) = (released_at is null)),
	check (removed_at is null or (uses = 0 and not kept))
);
create index upload_account_waiting on upload (account_id) where state = 'waiting';
create index upload_expires on upload (expires_at) where state = 'waiting';
create index upload_fetch on upload (vendor_id, source_host, claimed_until)
	where work = 'fetch' and (uses > 0 or replaces is not null);
create index upload_fetch_host on upload (source_host, claimed_until)
	where work = 'fetch' and (uses > 0 or replaces is not null);
create index upload_group on upload (object_group, owner_id) where object_group is not null;
create index upload_released on upload (released_at) where released_at is not null and not kept;
create index upload_removed on upload (removed_at) where removed_at is not null;
create index upload_replaces on upload (replaces) where replaces is not null;
create index upload_same on upload (owner_id, sha256) where state = 'ready';
-- One upload fetches an address for a vendor. As a hash, because addresses are long.
create unique index upload_source on upload (vendor_id, purpose, (md5(source_url)::uuid)) include (state, uses)
	where source_url is not null and removed_at is null and not superseded;
create index upload_source_failed on upload (vendor_id, created_at desc, id desc)
	where source_url is not null and not superseded and uses > 0 and state = 'failed';
create index upload_work on upload (priority, id) where work <> 'fetch';
create trigger moves before update of state on upload for each row
	when (old.state <> new.state) execute function upload_moves();
create trigger takes_place before update of state on upload for each row
	when (old.state <> new.state and new.state = 'ready' and new.replaces is not null)
	execute function upload_takes_place();
-- One that is to be fetched counts when its bytes are there.
create trigger count_new after insert on upload for each row when (new.bytes is not null)
	execute function count_upload();
create trigger count_changed after update on upload for each row
	when (old.charged <> new.charged or (old.state = 'failed') <> (new.state = 'failed'))
	execute function count_upload();
create trigger count_removed after delete on upload for each row execute function count_upload();

grant select, update (state, work, removed_at) on upload to sebez_customer;
grant select on upload to sebez_vendor, sebez_admin;
grant select, update, delete on upload to sebez_jobs;
grant select, update (state, failure, work, priority, claimed_until, attempts, object_group, sha256, bytes,
	content_type, width, height, thumbhash, color, near_hash, animated, widths, formats, formats_at, bytes_stored, etag,
	fetched_at, http_status, turned_url) on upload to sebez_media;
grant select, insert, update on upload to sebez_kernel;
alter table upload enable row level security, force row level security;
create policy everything on upload to sebez_admin, sebez_jobs, sebez_media, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy own on upload to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
-- Staff send attachments of chats as themselves.
create policy of_vendor on upload for select to sebez_vendor
	using (vendor_id = current_vendor() or (vendor_id is null and account_id = current_account()));

-- Where an upload is still to be shown with its present facts, by a job (functions_images.sql).
create table upload_showing (
	id        uuid primary key,
	upload_id uuid not null references upload (id) on delete cascade,
	place     text not null,
	beyond    uuid not null default '00000000-0000-0000-0000-000000000000', -- rows up to this one are done
	due_at    timestamptz not null default clock_timestamp()
);
create index upload_showing_due on upload_showing (due_at);
create index upload_showing_upload on upload_showing (upload_id);
grant select, update on upload_showing to sebez_jobs;

-- Groups of which objects are being deleted that no row explains. While it is held no process makes objects of it.
create table upload_group_hold (
	object_group text primary key check (object_group ~ '^[0-9a-f]{32}$'),
	held_until   timestamptz not null
);
grant select, insert, update, delete on upload_group_hold to sebez_jobs;
grant select on upload_group_hold to sebez_media;
alter table upload_group_hold enable row level security, force row level security;
create policy everything on upload_group_hold to sebez_jobs, sebez_media, sebez_owner using (true) with check (true);

-- What an owner's uploads, other than failed ones, add up to.
create table upload_usage (
	owner_id uuid primary key,
	uploads  int not null default 0 check (uploads >= 0),
	bytes    bigint not null default 0 check (bytes >= 0)
);
grant select, insert, update on upload_usage to sebez_kernel;
alter table upload_usage enable row level security, force row level security;
create policy everything on upload_usage to sebez_kernel, sebez_owner using (true) with check (true);

-- Hosts that pictures are fetched from.
create table fetch_host (
	host     text primary key,
	next_at  timestamptz not null, -- nothing is asked of it before
	failures int not null default 0 check (failures >= 0) -- in a row
);
create index fetch_host_next on fetch_host (next_at);
grant select, insert, update on fetch_host to sebez_media;
grant select, delete on fetch_host to sebez_jobs;
