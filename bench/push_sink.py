"""A server that takes all push messages, and accounts with devices to send them to."""
import contextlib
import pathlib
import shutil
import socket
import tempfile

from harness import certificate, nginx, providers

# The first server reads the whole request, as providers do: libcurl 7.88 takes an answer that comes
# before it has sent the body for an error.
NGINX = """
    ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key;
    keepalive_requests 10000000;
    upstream all {{ server unix:{folder}/all; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        http2_max_concurrent_streams 1000;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location / {{ proxy_pass http://all; }}
    }}
    server {{
        listen unix:{folder}/all;
        location /token {{
            default_type application/json;
            return 200 '{{"access_token":"ya29.token","expires_in":3600,"token_type":"Bearer"}}';
        }}
        location /web {{ return 201; }}
        location / {{ return 200 '{{}}'; }}
    }}
"""

PEOPLE = """
    insert into account (id, email, email_key, name, password_hash)
    select gen_random_uuid(), 'p' || i || '@push.example', 'p' || i || '@push.example', 'P', 'none'
    from generate_series(1, %(accounts)s) i;
    insert into session (id, account_id, expires_at)
    select gen_random_uuid(), a.id, now() + interval '1 day' from account a
    where a.email like '%%@push.example';
    insert into notification_preference (account_id, unwanted, email_digest)
    select a.id, '{promotions.email}', 'at_once' from account a
    where a.email like '%%@push.example';
"""
DEVICES = """
    delete from device d using account a
    where a.id = d.account_id and a.email like '%%@push.example';
    insert into device (account_id, id, session_id, platform, provider, address_kind, address,
                        environment, p256dh, auth, shows_itself, capabilities)
    select a.id, gen_random_uuid(), s.id, %(platform)s, %(provider)s, %(kind)s,
           %(address)s || encode(sha256(a.id::text::bytea), 'hex'), 'production', %(p256dh)s,
           %(auth)s, false, '{}'
    from account a join session s on s.account_id = a.id where a.email like '%%@push.example';
"""


def change(server, statements, values):
    with server.db.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statements, values)


def people(server, count):
    """So many accounts that want to be told everything, without devices."""
    change(server, PEOPLE, {"accounts": count})


def with_devices(server, **device):
    """Each of them has a device like this one; the address is the beginning of theirs."""
    change(server, DEVICES, {"p256dh": None, "auth": None, **device})


@contextlib.contextmanager
def sink(**more):
    """(origin, settings of a server that sends everything there)"""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-push-sink-", dir="/tmp"))
    folder.chmod(0o755)
    certificate.write(folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    fake = providers.Fake(folder, None)
    fake.origin = f"https://localhost:{port}"

    def write(name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
        return str(folder / name)
    settings = providers.settings(fake, write)
    process = nginx.start(folder, NGINX.format(folder=folder, port=port))
    try:
        yield fake.origin, settings
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
