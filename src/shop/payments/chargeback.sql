-- What providers are asked about chargebacks.

-- chargeback_seal (provider text, reference text): one writes -> (id uuid?)
-- The chargeback whose evidence is to be sent now; null: none is.
select chargeback_seal(:provider, :reference) as id;

-- chargeback_to_send (id uuid): one -> (id uuid, occasion text, text text?, goods text?, customer text?,
--     address text?, carrier text?, tracking_number text?, shipped_on text?)
-- Its evidence. occasion: the same as long as it is the same request.
select c.id, extract(epoch from c.send_at)::text as occasion,
       (select string_agg(e.text, E'\n\n' order by e.id) from chargeback_evidence e
              where e.chargeback_id = c.id) as text,
       left((select string_agg(l.quantity || ' x ' || l.title, '; ' order by l.vendor_id, l.position) from order_line l
             join chargeback_part p on p.vendor_id = l.vendor_id and p.sub_order_id = l.sub_order_id
             where p.chargeback_id = c.id), 2000) as goods,
       o.shipping_address ->> 'name' as customer,
       concat_ws(', ', o.shipping_address ->> 'line1', o.shipping_address ->> 'line2',
                 o.shipping_address ->> 'postcode', o.shipping_address ->> 'city',
                 o.shipping_address ->> 'country') as address,
       h.carrier, h.tracking_number, to_char(h.shipped_at at time zone 'UTC', 'YYYY-MM-DD') as shipped_on
from chargeback c
join shop_order o on o.id = c.order_id
left join lateral (
	select x.carrier, x.tracking_number, x.shipped_at from shipment x
	join chargeback_part p on p.vendor_id = x.vendor_id and p.sub_order_id = x.sub_order_id
	where p.chargeback_id = c.id order by x.id limit 1) h on true
where c.id = :id;

-- chargeback_attempt (provider text, reference text, id uuid): maybe -> (id uuid)
-- The attempt that it is of: by the provider's id, or ours.
select a.id from payment_attempt a
where (a.provider = :provider and a.reference = :reference or a.id = :id and a.provider = :provider)
and a.outcome is not null;

-- chargeback_sub_orders_lock (attempt uuid): many writes -> (id uuid)
select s.id from sub_order s where s.order_id = (select a.order_id from payment_attempt a where a.id = :attempt)
order by s.id for update;

-- chargeback_note (attempt uuid, reference text, amount bigint, reason text?, state text, fee bigint,
--     respond_by time?): one writes
select chargeback_note(:attempt, :reference, :amount, :reason, :state, :fee, :respond_by);

-- chargeback_sent (id uuid): none writes
select chargeback_sent(:id);

-- chargeback_refused (id uuid): none writes
select chargeback_refused(:id);

-- chargebacks_look (most int): one writes -> (done int)
select chargebacks_look(:most) as done;

-- The sandbox's.

-- sandbox_chargeback_open (charge uuid, amount bigint?): none
-- Of so much, at most and by default of all that was not refunded or lost, unless one goes on; and tells of it, as a
-- webhook would.
with made as (
	insert into sandbox_chargeback (id, charge_id, amount)
	select gen_random_uuid(), c.id, least(:amount, w.here) from sandbox_charge c
	cross join lateral (select c.amount - c.refunded - (select coalesce(sum(x.amount), 0) from sandbox_chargeback x
		where x.charge_id = c.id and x.state = 'lost') as here) w
	where c.id = :charge and c.state = 'captured' and w.here > 0
	and not exists (select from sandbox_chargeback x where x.charge_id = c.id and x.state not in ('won', 'lost'))
	returning id
)
insert into outbox (topic, destination, subject_id, payload)
select 'chargebacks', 'sandbox', m.id, json_build_object('reference', m.id) from made m;

-- sandbox_chargeback_answer (id uuid, state text): none
update sandbox_chargeback x set state = :state where x.id = :id and x.state = 'needs_response';

-- sandbox_chargeback_read (id uuid): maybe -> (charge_id uuid, amount bigint, state text, respond_by time)
-- One that nobody answered in time is lost.
select x.charge_id, x.amount, case when x.state = 'needs_response' and x.respond_by < now() then 'lost' else x.state
       end as state, x.respond_by
from sandbox_chargeback x where x.id = :id;
