-- The audit log.
set local role sebez_owner;

-- Records who, what, before and after, and why, of every write by staff or an admin. Left out are secrets and
-- derived or counted columns; also the texts of notes, messages and complaints, and customers' personal data:
-- the log is never purged, while those are deleted with their conversation or at a person's request, and the
-- row itself has them. Rows without an id are recorded under that of their parent. When a column is newly
-- left out, a migration removes it from the log.
create or replace function audit() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
	new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
	noise text[] := array['name_key', 'email_key', 'password_hash', 'token_hash', 'updated_at'] || case tg_table_name
		when 'product' then array['visible', 'price', 'compare_at_price', 'in_stock']
		when 'account' then array['name', 'email', 'phone', 'avatar', 'avatar_upload_id', 'has_password']
		when 'mail_suppression' then array['address']
		when 'staff_invitation' then array['email']
		when 'sub_order' then array['customer_name', 'shipping_address', 'note']
		when 'goods_return' then array['comment', 'carrier', 'tracking_number']
		when 'conversation' then array['customer_name', 'last_seq', 'last_message_at', 'last_note', 'awaiting_since',
			'customer_read', 'customer_delivered', 'customer_unread', 'vendor_read', 'vendor_delivered',
			'vendor_unread', 'last_message_hour', 'vendor_has_unread']
		when 'conversation_note' then array['text', 'tx']
		when 'message' then array['text', 'attachments', 'card', 'client_id', 'client_digest']
		when 'message_held' then array['text', 'attachments', 'card']
		when 'message_report' then array['comment']
		when 'platform' then array['commission_rules_version']
		when 'payout_account' then array['iban', 'number', 'bank_code']
		when 'tax_profile' then array['legal_name', 'address', 'tax_number', 'vat_number', 'registration_number',
			'birth_date']
		when 'webhook' then array['url'] -- may contain a secret of its receiver
		else '{}' end;
	written jsonb;
begin
	old_row := old_row - noise;
	new_row := new_row - noise;
	if tg_op = 'UPDATE' and old_row = new_row then
		return null;
	end if;
	written := coalesce(new_row, old_row);
	insert into audit_log (actor, account_id, vendor_id, action, object_kind, object_id, before, after,
	                       request_id, reason)
	values (current_setting('sebez.actor', true), current_account(),
	        coalesce((written ->> case when tg_table_name = 'vendor' then 'id' else 'vendor_id' end)::uuid,
	                 current_vendor()),
	        lower(tg_op), tg_table_name,
	        case when jsonb_typeof(written -> 'id') = 'string' then (written ->> 'id')::uuid
	             else coalesce(written ->> 'conversation_id', written ->> 'shipment_id',
	                           written ->> 'account_id')::uuid end,
	        old_row, new_row, nullif(current_setting('sebez.request', true), ''),
	        nullif(current_setting('sebez.reason', true), ''));
	return null;
end $$;

-- For the acting vendor. The account is null for the command line.
create or replace function audit_import(counts jsonb) returns void
language sql security definer set search_path = public, pg_temp as $$
	insert into audit_log (actor, account_id, vendor_id, action, object_kind, object_id, after, request_id)
	select case when current_account() is null then 'import' else 'staff' end, current_account(),
	       current_vendor(), 'import', 'vendor', current_vendor(), counts,
	       nullif(current_setting('sebez.request', true), '')
	where current_vendor() is not null;
$$;
grant execute on function audit_import(jsonb) to sebez_vendor;
