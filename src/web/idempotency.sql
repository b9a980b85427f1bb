-- Idempotency keys. Their owner is current_scope(), which the envelope sets.

-- idempotency_keep (key text, operation text, request_hash bytea, status int, body bytea?): none
-- Stores the reply in the transaction of its effect. Waits for another transaction that stores one under the same
-- key, and violates the primary key when that one commits.
insert into idempotency_key (scope, key, operation, request_hash, status, body)
values (current_scope(), :key, :operation, :request_hash, :status, :body);

-- idempotency_answer (key text, operation text, request_hash bytea): maybe -> (same bool, status int?, body bytea?,
--     created_at time)
-- The stored reply, and whether it is that of the same request; without status, a fence.
select k.request_hash = :request_hash and k.operation = :operation as same, k.status, k.body, k.created_at
from idempotency_key k
where k.scope = current_scope() and k.key = :key;

-- idempotency_fence (key text, operation text, request_hash bytea): none
-- Waits for a transaction that has stored its reply under the key and rolls back those that have not yet.
insert into idempotency_key as k (scope, key, operation, request_hash, created_at)
values (current_scope(), :key, :operation, :request_hash, clock_timestamp())
on conflict (scope, key) do update set created_at = excluded.created_at where k.status is null;

-- idempotency_pass_fence (key text, set_at time): none
-- Before idempotency_keep: replaces this fence, but none that was set since.
delete from idempotency_key
where scope = current_scope() and key = :key and status is null and created_at = :set_at;
