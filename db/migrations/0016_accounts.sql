-- Addresses are folded by ASCII alone, admins have roles, and the audit trail says more, and why.
set local role sebez_owner;

-- Unicode's lower case makes a k of the sign for kelvin: one account to the database was two to
-- whoever counts wrong passwords. C folds before it comes here (account_email()).
alter table account drop constraint account_email_check;
alter table account add constraint account_email_check
	check (email = lower(email collate "C") and length(email) <= 254);
alter table staff_invitation add constraint staff_invitation_email_check
	check (email = lower(email collate "C"));

-- A book of addresses has a default: it could be switched off.
update address a set is_default = true
where (a.account_id, a.id) in (
	select distinct on (b.account_id) b.account_id, b.id from address b
	where not exists (select from address d where d.account_id = b.account_id and d.is_default)
	order by b.account_id, b.created_at desc, b.id desc);

-- Why, where a reason was given and the row keeps none.
alter table audit_log add column reason text;

-- What staff did in silence. Of a conversation, only what staff decide about it: each message counts
-- up the rest.
drop trigger audit on canned_reply;
drop trigger audit on chat_block;
do $$
declare
	written record;
begin
	for written in select * from (values
		('canned_reply', 'insert or delete or update'),
		('chat_block', 'insert or delete'),
		('conversation', 'update of assigned_to, state'),
		('conversation_note', 'insert'),
		('order_line', 'update of cancelled_quantity, shipped_quantity'),
		('shipment_line', 'insert')) as w (name, what)
	loop
		execute format('create trigger audit after %s on %I for each row '
			'when (current_setting(''sebez.actor'', true) in (''staff'', ''admin'')) '
			'execute function audit()', written.what, written.name);
	end loop;
end $$;

-- A definer's own search path names pg_temp last, or a caller's temporary table comes first.
alter function order_adds_up() set search_path = public, pg_temp;

-- Who may make a trigger of a function is asked when it is made; to fire it takes no right.
revoke execute on function order_adds_up(), audit(), category_path(), revoke_polls(), note_low_stock(),
	note_payment(), unassign_staff() from public;

set local role sebez_kernel;
drop function account_make_admin(uuid, text, text, text);
