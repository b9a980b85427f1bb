-- Idempotency keys. Their owner is current_scope(), which the envelope sets.

-- idempotency_claim (key text, operation text, request_hash bytea, lease_s int): maybe -> (claimed bool, same bool,
--     done bool, leased bool, lease_until time, status int?, body bytea?)
-- Claims a new key, or a key of the same request whose lease has expired; else returns its state. No row:
-- another transaction is claiming it concurrently.
with claim as (
	insert into idempotency_key as k (scope, key, operation, request_hash, state, lease_until)
	values (current_scope(), :key, :operation, :request_hash, 'running',
	        now() + make_interval(secs => :lease_s))
	on conflict (scope, key) do update
	set lease_until = excluded.lease_until
	where k.state = 'running' and k.lease_until < now() and k.request_hash = excluded.request_hash
	and k.operation = excluded.operation
	returning k.lease_until
)
select true as claimed, true as same, false as done, true as leased, c.lease_until,
       null::int as status, null::bytea as body
from claim c
union all
select false, k.request_hash = :request_hash and k.operation = :operation, k.state = 'done',
       k.lease_until > now(), k.lease_until, k.status, k.body
from idempotency_key k
where k.scope = current_scope() and k.key = :key and not exists (select from claim);

-- idempotency_claim_lightly (): none writes
-- A claim need not be flushed to disk: if it is lost in a crash, so is everything done under it.
select set_config('synchronous_commit', 'off', true);

-- idempotency_keep (key text, status int, body bytea?, lease_until time): none
-- Stores the reply in the transaction of its effect; raises when the lease was lost.
select idempotency_keep(:key, :status, :body, :lease_until);

-- idempotency_fill (key text, body bytea, lease_until time): none
-- Adds a body that was unknown when the effect was committed.
update idempotency_key set body = :body
where scope = current_scope() and key = :key and state = 'done' and lease_until = :lease_until;

-- idempotency_outcome (key text, lease_until time): maybe -> (status int?, body bytea?)
-- The reply committed under this lease.
select k.status, k.body
from idempotency_key k
where k.scope = current_scope() and k.key = :key and k.state = 'done'
and k.lease_until = :lease_until;

-- idempotency_release (key text, lease_until time): none
-- Releases the key after a failure, so that the request can be retried.
delete from idempotency_key
where scope = current_scope() and key = :key and state = 'running' and lease_until = :lease_until;
