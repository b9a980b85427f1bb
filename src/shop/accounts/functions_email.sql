-- Codes by mail.
set local role sebez_kernel;

-- Makes a code for an address, and has the mail sent. Returns 0, or after how many seconds it may be asked for again:
-- an address gets `lately` codes of a purpose in ten minutes and `daily` in a day that nobody used, because whoever
-- types an address fills its mailbox. Those of a day bound only while one of them works: who is bothered by a stranger
-- has a code that is as good, or gets another. It does not look whether an account has the address, so its time does
-- not tell.
create or replace function email_code_add(id uuid, purpose text, email text, email_key text, language text, lasts_s int,
                                          lately int, daily int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_variable
declare
	wait interval;
begin
	-- One after the other, or requests at the same time would each see too few.
	perform pg_advisory_xact_lock(hashtextextended('email_code ' || email_key, 0));
	select greatest(
		(select c.created_at from email_code c
		 where c.email_key = email_key and c.purpose = purpose and c.used_at is null
		 order by c.created_at desc offset lately - 1 limit 1) + interval '10 minutes',
		(select c.created_at from email_code c
		 where c.email_key = email_key and c.purpose = purpose and c.used_at is null
		 and exists (select from email_code w
		             where w.email_key = email_key and w.purpose = purpose and w.used_at is null
		             and w.expires_at > now())
		 order by c.created_at desc offset daily - 1 limit 1) + interval '1 day') - now() into wait;
	if wait > interval '0' then
		return ceil(extract(epoch from wait));
	end if;
	insert into email_code (id, purpose, email, email_key, language, expires_at)
	values (id, purpose, email, email_key, language, now() + lasts_s * interval '1 second');
	insert into outbox (topic, subject_id) values ('email_code', id);
	return 0;
end $$;
grant execute on function email_code_add(uuid, text, text, text, text, int, int, int) to sebez_auth;

-- Has a code sent to the present address of the account, which is about to get another one: whoever has it takes the
-- address back.
create or replace function email_undo_add(id uuid, account uuid, language text, lasts_s int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
	insert into email_code (id, purpose, email, email_key, language, expires_at)
	select email_undo_add.id, 'email_undo', a.email, a.email_key, email_undo_add.language,
	       now() + lasts_s * interval '1 second'
	from account a where a.id = account and a.email is not null;
	if found then
		insert into email_change (id, account_id, phone)
		select email_undo_add.id, a.id, a.phone from account a where a.id = account;
		insert into outbox (topic, subject_id) values ('email_code', email_undo_add.id);
	end if;
end $$;
grant execute on function email_undo_add(uuid, uuid, text, int) to sebez_auth;

set local role sebez_owner;

-- While a former address may be taken back, no other account gets one that counts as the same but is written in another
-- way: it would have the key, and nobody has shown that it reads the same mails.
create or replace function account_email_is_free() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from email_code c join email_change e on e.id = c.id
	           where c.email_key = new.email_key and c.purpose = 'email_undo' and c.used_at is null
	           and c.expires_at > now() and c.email <> new.email and e.account_id <> new.id) then
		raise unique_violation using message = 'another account may take this address back',
			constraint = 'account_email_key', table = 'account';
	end if;
	return null;
end $$;
