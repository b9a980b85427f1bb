-- What providers told.

-- payment_webhook_take (provider text, digest bytea, attempt uuid, refund uuid, chargeback text?): none
-- Notes it, and has the provider asked about the attempt, if it is ours and nothing was captured yet, about the refund,
-- if it was made, or about the chargeback. One that was noted before changes nothing.
with noted as (
	insert into payment_webhook (provider, digest, attempt_id) values (:provider, :digest, :attempt)
	on conflict (provider, digest) do nothing
	returning attempt_id
), looked_after as (
	insert into outbox (topic, destination, subject_id)
	select 'payment_refunds', a.provider, r.id
	from noted n cross join payment_refund r join payment_attempt a on a.id = r.attempt_id
	where r.id = :refund and r.state = 'refunded' and r.reference is not null and a.provider = :provider
)
[chargeback: , charged_back as (
	insert into outbox (topic, destination, subject_id, payload)
	select 'chargebacks', :provider, gen_random_uuid(), json_build_object('reference', :chargeback::text) from noted n
)]
update payment_attempt a set ask_at = now()
from noted n where a.id = n.attempt_id and a.provider = :provider and a.state <> 'captured';

-- payment_webhooks_purge (): none
delete from payment_webhook w where w.received_at < now() - interval '30 days';
