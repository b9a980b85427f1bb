-- Recent authentication.

-- recent_require (account uuid, session uuid, seconds int): none
-- Raises when the session's last proof is older.
select require_recent(:account, :session, :seconds);
