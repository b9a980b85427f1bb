-- What the server itself keeps: idempotency keys, the outbox, the audit trail.
set local role sebez_owner;

create table idempotency_key (
	scope        text not null, -- whose key it is: current_scope()
	key          text not null,
	operation    text not null,
	request_hash bytea not null,
	state        text not null check (state in ('running', 'done')),
	status       int,
	body         bytea,
	created_at   timestamptz not null default now(),
	lease_until  timestamptz not null,
	primary key (scope, key)
);
create index idempotency_key_age on idempotency_key (created_at);

-- Effects that leave: written in the transaction of their cause, taken by the jobs process with
-- FOR UPDATE SKIP LOCKED and a lease.
create table outbox (
	id          bigint generated always as identity primary key,
	topic       text not null,
	subject_id  uuid not null,
	payload     json not null default '{}',
	created_at  timestamptz not null default now(),
	attempts    int not null default 0,
	lease_until timestamptz,
	done_at     timestamptz,
	failed_with text
);
create index outbox_open on outbox (id) where done_at is null;
create index outbox_subject on outbox (subject_id);
create index outbox_done on outbox (done_at) where done_at is not null;

-- Rows whose effects are in this transaction are done. Raises, and so undoes the effects, when their
-- lease has gone to somebody else meanwhile: each is done once.
create function outbox_done(ids bigint[], lease timestamptz) returns void language plpgsql as $$
declare
	done bigint;
begin
	update outbox x set done_at = now(), lease_until = null, failed_with = null
	where x.id = any (ids) and x.done_at is null and x.lease_until = lease;
	get diagnostics done = row_count;
	if done <> cardinality(ids) then
		raise exception 'Another worker has taken these' using errcode = 'SB409';
	end if;
end $$;
grant execute on function outbox_done(bigint[], timestamptz) to sebez_jobs;

create table audit_log (
	id          bigint generated always as identity primary key,
	at          timestamptz not null default now(),
	actor       text not null, -- staff, admin
	account_id  uuid,
	vendor_id   uuid,
	action      text not null, -- insert, update, delete, import
	object_kind text not null, -- the table
	object_id   uuid,
	before      jsonb,
	after       jsonb,
	request_id  text
);
create index audit_log_object on audit_log (object_id, id desc);
create index audit_log_vendor on audit_log (vendor_id, id desc);
create index audit_log_account on audit_log (account_id, id desc);

-- Who, what, before and after, of every write by staff or an admin. Secrets and what is derived
-- are left out.
create function audit() returns trigger language plpgsql security definer set search_path = public as $$
declare
	old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
	new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
	noise text[] := array['search', 'password_hash', 'token_hash', 'updated_at']
		|| case when tg_table_name = 'product' then array['visible', 'price', 'compare_at_price', 'in_stock',
		                                                  'option_values', 'sold'] else '{}' end;
	written jsonb;
begin
	old_row := old_row - noise;
	new_row := new_row - noise;
	if tg_op = 'UPDATE' and old_row = new_row then
		return null;
	end if;
	written := coalesce(new_row, old_row);
	insert into audit_log (actor, account_id, vendor_id, action, object_kind, object_id, before, after,
	                       request_id)
	values (current_setting('sebez.actor', true), current_account(),
	        coalesce((written ->> case when tg_table_name = 'vendor' then 'id' else 'vendor_id' end)::uuid,
	                 current_vendor()),
	        lower(tg_op), tg_table_name,
	        case when jsonb_typeof(written -> 'id') = 'string' then (written ->> 'id')::uuid
	             else (written ->> 'account_id')::uuid end,
	        old_row, new_row, nullif(current_setting('sebez.request', true), ''));
	return null;
end $$;

do $$
declare
	audited text;
	what text;
begin
	foreach audited in array array['account', 'platform', 'vendor', 'staff', 'staff_invitation',
		'shipping_method', 'category', 'product', 'variant', 'sub_order', 'shipment', 'payment'] loop
		-- refresh_products() writes what is derived of thousands of products at once: not a word of it.
		what := case when audited = 'product' then 'update of handle, title, description, status, unlisted_at, '
			'unlisted_reason, category_id, product_type, tags, options, images, currency' else 'update' end;
		execute format('create trigger audit after insert or delete or %s on %I for each row '
			'when (current_setting(''sebez.actor'', true) in (''staff'', ''admin'')) '
			'execute function audit()', what, audited);
	end loop;
end $$;
