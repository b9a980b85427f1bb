-- What devices have acknowledged, for many feeds at once: two statements however many there are,
-- and one for each conversation that has moved.
set local role sebez_kernel;

drop function feed_acknowledged(uuid, bigint);

create function feed_acknowledged(owners uuid[], numbers bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	got record;
	c record;
	told json;
begin
	for got in
		select g.owner, (e.payload ->> 'conversation_id')::uuid as id, max((e.payload ->> 'seq')::int) as seq
		from unnest(owners, numbers) as g (owner, number)
		left join chat_acknowledged a on a.owner_id = g.owner
		join event e on e.owner_id = g.owner and e.number > coalesce(a.number, 0) and e.number <= g.number
		     and e.kind = 'message_sent'
		group by 1, 2 order by 2, 1
	loop
		update conversation x
		set customer_delivered = case x.account_id when got.owner then got.seq else x.customer_delivered end,
		    vendor_delivered = case x.vendor_id when got.owner then got.seq else x.vendor_delivered end
		where x.id = got.id and (x.account_id = got.owner and x.customer_delivered < got.seq
		                         or x.vendor_id = got.owner and x.vendor_delivered < got.seq)
		returning x.vendor_id, x.account_id into c;
		if found then
			told := json_build_object('conversation_id', got.id, 'seq', got.seq,
				'side', case c.vendor_id when got.owner then 'vendor' else 'customer' end);
			perform chat_announce(c.vendor_id, c.account_id, 'message_delivered', told, told);
		end if;
	end loop;
	insert into chat_acknowledged as a (owner_id, number)
	select g.owner, g.number from unnest(owners, numbers) as g (owner, number) order by g.owner
	on conflict (owner_id) do update set number = excluded.number where a.number < excluded.number;
end $$;
grant execute on function feed_acknowledged(uuid[], bigint[]) to sebez_jobs;

set local role sebez_owner;

-- Tells the author, too: whoever counts what is unread needs it.
create or replace function message_empty(vendor uuid, conversation uuid, account uuid, number int, what text)
returns void language plpgsql set search_path = public, pg_temp as $$
declare
	moment timestamptz := clock_timestamp();
	gone record;
	told json;
begin
	perform message_keep(vendor, conversation, number, what);
	update message m set text = '', attachments = '[]', card = null, deleted_at = moment
	where m.vendor_id = vendor and m.conversation_id = conversation and m.seq = number
	and m.deleted_at is null
	returning m.id, m.author into gone;
	if not found then
		return;
	end if;
	delete from reaction r where r.vendor_id = vendor and r.conversation_id = conversation and r.seq = number;
	update conversation c
	set customer_unread = c.customer_unread - (gone.author <> 'customer' and number > c.customer_read)::int,
	    vendor_unread = c.vendor_unread - (gone.author = 'customer' and number > c.vendor_read)::int
	where c.vendor_id = vendor and c.id = conversation;
	told := json_build_object('conversation_id', conversation, 'seq', number, 'id', gone.id, 'author', gone.author,
		'deleted_at', json_time(moment));
	perform chat_announce(vendor, account, 'message_deleted', told, told);
end $$;
