"""Links to files as the server signs them, and as a forger would: by botocore."""
import datetime
import hashlib
import os
import urllib.parse

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def key_of(server):
    """The key that signs the server's links: derived from its secret."""
    secret = bytes.fromhex((server.data / "var/secret").read_text().strip())
    return hashlib.blake2b(b"links to files", key=secret, digest_size=32).hexdigest()


def signed(server, method, key, *, expires=600, age=0, headers=None, secret=None, region="local",
           host=None):
    """The URL of a link; age: seconds since it was made."""
    url = f"{server.url}/media/{key}"
    request = AWSRequest(method, url if host is None else f"http://{host}/media/{key}",
                         headers or {})
    auth = S3SigV4QueryAuth(Credentials("sebez", secret or key_of(server)), "s3", region, expires)
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    auth._modify_request_before_signing(request)  # what add_auth does, at another time
    text = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(text, request))
    return f"{url}?{urllib.parse.urlsplit(request.url).query}"


def put_headers(data, kind="application/octet-stream"):
    return {"Content-Type": kind, "Content-Length": str(len(data))}


def folder_of(server):
    return server.data / "var/objects"


def keep(server, key, data):
    """An object that is there already."""
    path = folder_of(server) / key
    for folder in reversed(path.relative_to(folder_of(server)).parents):
        made = folder_of(server) / folder
        if not made.exists():
            made.mkdir(mode=0o700)
            give(server, made)
    path.write_bytes(data)
    give(server, path)
    return key


def give(server, path):
    owner = folder_of(server).stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def files_of(server, where=""):
    return sorted(str(path.relative_to(folder_of(server)))
                  for path in (folder_of(server) / where).rglob("*") if path.is_file())


def signed_query(server, method, key, ids, headers=None):
    url = signed(server, method, key.format(**ids), headers=headers)
    return urllib.parse.urlsplit(url).query


def a_file(server, visibility):
    """Path ids of a small picture."""
    ids = {"group": "0" * 32, "file": "160.jpg"}
    keep(server, f"{visibility}/{ids['group']}/{ids['file']}", b"a picture")
    return ids
