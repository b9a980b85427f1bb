"""Accounts that send files, and what they send."""
import os

import requests

from place import seed_id, token

EACH = 200  # uploads of one account that wait for their bytes: fewer than LIMIT_UPLOADS_WAITING


def accounts(server, count):
    """Tokens of so many new accounts, each with a session."""
    server.psql("".join(
        "insert into account (id, email, email_key, name, password_hash) "
        f"values ('{seed_id(1, n)}', 'sender{n}@bench.sebez.test', 'sender{n}@bench.sebez.test', "
        "'Sender', '!') on conflict do nothing;"
        "insert into session (id, account_id, expires_at) "
        f"values ('{seed_id(12, n)}', '{seed_id(1, n)}', now() + interval '1 day') "
        "on conflict do nothing;"
        for n in range(1, count + 1)))
    secret = server.secret()
    return [token(secret, seed_id(1, n), seed_id(12, n)) for n in range(1, count + 1)]


def ask(session, server, own, path, body=None):
    answer = session.post(server.url + path, json=body, timeout=60,
                          headers={"Authorization": f"Bearer {own}"})
    if not answer.ok:
        raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")
    return answer.json()


def links(server, count, size):
    """Paths to which so many parts of `size` bytes may be sent. Those of before are forgotten."""
    server.psql("delete from upload where state = 'waiting'")
    owners = accounts(server, 1 + count // EACH)
    wanted = {"purpose": "chat_attachment", "content_type": "video/mp4", "bytes": size}
    with requests.Session() as session:
        made = [ask(session, server, owners[n // EACH], "/v1/uploads", wanted)
                for n in range(count)]
    return [upload["upload"]["url"].removeprefix(server.url) for upload in made]


def send_pictures(server, own, picture, count):
    """Uploads that wait for the media process. Bytes behind the end of a picture make each of them
    another file."""
    with requests.Session() as session:
        for _ in range(count):
            data = picture + os.urandom(16)
            upload = ask(session, server, own, "/v1/uploads",
                         {"purpose": "review_photo", "content_type": "image/jpeg",
                          "bytes": len(data)})
            target = upload["upload"]
            answer = session.put(target["url"], data=data, headers=target["headers"], timeout=60)
            if not answer.ok:
                raise SystemExit(f"PUT: {answer.status_code} {answer.text[:300]}")
            ask(session, server, own, f"/v1/uploads/{upload['id']}/complete")
