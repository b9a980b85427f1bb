-- What providers told.

-- payment_webhook_take (provider text, digest bytea, attempt uuid): none
-- Notes it, and has the job ask about the attempt, if it is ours and nothing was captured yet. One that was noted
-- before changes nothing.
with noted as (
	insert into payment_webhook (provider, digest, attempt_id) values (:provider, :digest, :attempt)
	on conflict (provider, digest) do nothing
	returning attempt_id
)
update payment_attempt a set ask_at = now()
from noted n where a.id = n.attempt_id and a.provider = :provider and a.state <> 'captured';

-- payment_webhooks_purge (): none
delete from payment_webhook w where w.received_at < now() - interval '30 days';
