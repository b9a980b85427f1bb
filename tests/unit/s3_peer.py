#!/usr/bin/python3
"""An S3 for test_objects.c, on loopback, which judges every signature with botocore. Prints
"PORT" when it serves, and ends with its standard input.

Objects are in memory. A key with `-fails-STATUS-CODE-N-` answers the first N requests so; one with
`-breaks-N-` ends the connection N times before the answer, and one with `-half-N-` in the middle of
the body. A page of keys with `-short-` has three at most, and one of keys with `-endless-` does not
say whether there are more. Who reads one with `-unsaid-` beyond its end is not told where that is.
/roles/… is the metadata service of a machine. The age of what is put may be an argument, in
seconds.
"""
import collections
import datetime
import hashlib
import http.server
import json
import re
import socket
import sys
import threading
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BUCKET, REGION = "shop", "eu-central-1"
KEYS = {"fixed": "fixed-secret", "machine": "machine-secret"}
TOKENS = {"fixed": None, "machine": "machine-token"}
CODES = {"slow": "SlowDown", "denied": "AccessDenied", "internal": "InternalError",
         "expired": "ExpiredToken"}
SKEW_S = 15 * 60
CHECKED = ("content-type", "content-length", "cache-control", "range")

# What a PUT says of its object and a GET repeats.
KEPT = ("Content-Type", "Content-Disposition", "Cache-Control")

AGE = datetime.timedelta(seconds=int(sys.argv[1]) if len(sys.argv) > 1 else 0)

objects, kept, uploads = {}, {}, {}
put_at = {}
answered = collections.Counter()
lock = threading.Lock()


Signature = collections.namedtuple("Signature",
                                   "is_link access_key names given date token query")


class Refused(Exception):
    def __init__(self, status, code):
        self.status, self.code = status, code


class S3(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def xml(self, name, status=200, inner="", **values):
        inner += "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in values.items())
        self.answer(status, f'<?xml version="1.0"?>\n<{name}>{inner}</{name}>'.encode())

    def handle_call(self):
        url = urlsplit(self.path)
        self.query = dict(parse_qsl(url.query, True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if url.path.startswith("/roles/"):
                return self.metadata(url.path.removeprefix("/roles"))
            self.key = unquote(url.path).removeprefix(f"/{BUCKET}/")
            if not url.path.startswith(f"/{BUCKET}/"):
                raise Refused(404, "NoSuchBucket")
            if "Content-Length" not in self.headers and self.command in ("PUT", "POST"):
                raise Refused(411, "MissingContentLength")
            self.check_signature(url)
            self.fail_as_told()
            with lock:
                self.serve()
        except Refused as refused:
            self.xml("Error", status=refused.status, Code=refused.code, Message="No & no")

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_call

    def check_signature(self, url):
        signature = self.signature()
        if signature.access_key not in KEYS:
            raise Refused(403, "InvalidAccessKeyId")
        sent = {name.lower() for name in self.headers}
        sent = {name for name in sent if name.startswith("x-amz-") or name in CHECKED}
        if not signature.is_link and not sent - {"content-length"} <= set(signature.names):
            raise Refused(403, "AccessDenied")
        keys = Credentials(signature.access_key, KEYS[signature.access_key])
        auth = (S3SigV4QueryAuth(keys, "s3", REGION, 1) if signature.is_link
                else S3SigV4Auth(keys, "s3", REGION))
        headers = {name: self.headers[name] for name in signature.names if self.headers[name]}
        request = AWSRequest(self.command, f"http://{self.headers['Host']}{url.path}", headers,
                             self.body, signature.query)
        request.context["timestamp"] = signature.date
        text = auth.string_to_sign(request, auth.canonical_request(request))
        if auth.signature(text, request) != signature.given:
            raise Refused(403, "SignatureDoesNotMatch")
        made = datetime.datetime.strptime(signature.date + "+0000", "%Y%m%dT%H%M%SZ%z")
        age = datetime.datetime.now(datetime.timezone.utc) - made
        if age.total_seconds() > int(signature.query.get("X-Amz-Expires", SKEW_S)):
            raise Refused(403, "AccessDenied" if signature.is_link else "RequestTimeTooSkewed")
        payload = hashlib.sha256(self.body).hexdigest()
        if self.headers.get("X-Amz-Content-Sha256", payload) != payload:
            raise Refused(400, "XAmzContentSHA256Mismatch")
        if signature.token != TOKENS[signature.access_key]:
            raise Refused(403, "InvalidToken")

    def signature(self):
        """That of the query or that of the headers."""
        query = self.query
        if "X-Amz-Signature" in query:
            return Signature(
                is_link=True, access_key=query["X-Amz-Credential"].split("/")[0],
                names=query["X-Amz-SignedHeaders"].split(";"), given=query["X-Amz-Signature"],
                date=query["X-Amz-Date"], token=query.get("X-Amz-Security-Token"),
                query={name: query[name] for name in query if name != "X-Amz-Signature"})
        told = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\S+, SignedHeaders=(\S+), "
                            r"Signature=(\w+)", self.headers.get("Authorization", ""))
        if told is None:
            raise Refused(403, "AccessDenied")
        return Signature(is_link=False, access_key=told[1], names=told[2].split(";"),
                         given=told[3], date=self.headers["X-Amz-Date"], query=query,
                         token=self.headers.get("X-Amz-Security-Token"))

    def times(self, pattern):
        told = re.search(pattern, self.key)
        if told is None:
            return None
        with lock:
            answered[self.key, pattern] += 1
            return told if answered[self.key, pattern] <= int(told[told.lastindex]) else None

    def fail_as_told(self):
        if told := self.times(r"-fails-(\d+)-([a-z]+)-(\d+)-"):
            raise Refused(int(told[1]), CODES[told[2]])
        if self.times(r"-breaks-(\d+)-"):
            self.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError
        self.half = bool(self.times(r"-half-(\d+)-"))

    def serve(self):
        query, key = self.query, self.key
        if self.command == "GET" and "list-type" in query:
            keys = sorted(name for name in objects
                          if name.startswith(query["prefix"]) and name > query["start-after"])
            most = min(int(query["max-keys"]), 3 if "-short-" in query["prefix"] else 1000)
            more = {} if "-endless-" in query["prefix"] else \
                {"IsTruncated": "true" if len(keys) > most else "false"}
            return self.xml("ListBucketResult", Name=BUCKET, **more, inner="".join(
                f"<Contents><Key>{escape(name)}</Key><LastModified>{put_at[name]}</LastModified>"
                f"<Size>{len(objects[name])}</Size></Contents>"
                for name in keys[:most]))
        if self.command == "POST" and "uploads" in query:
            uploads[f"u/{len(uploads)}+"] = {}
            return self.xml("InitiateMultipartUploadResult", UploadId=list(uploads)[-1])
        if "uploadId" in query:
            return self.serve_upload(query["uploadId"])
        if self.command == "PUT":
            return self.serve_put()
        if self.command == "DELETE":
            objects.pop(key, None)
            return self.answer(204)
        if key not in objects:
            raise Refused(404, "NoSuchKey")
        self.serve_bytes(objects[key])

    def serve_put(self):
        source = self.headers.get("x-amz-copy-source", "").removeprefix(f"/{BUCKET}/")
        if source and source not in objects:
            raise Refused(404, "NoSuchKey")
        self.keep(objects[source] if source else self.body)
        kept[self.key] = [(name, self.headers[name]) for name in KEPT if name in self.headers]
        self.answer(200, headers=[("ETag", '"e"')])

    def keep(self, data):
        now = datetime.datetime.now(datetime.timezone.utc) - AGE
        put_at[self.key] = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        objects[self.key] = data

    def serve_upload(self, upload):
        if upload not in uploads:
            raise Refused(404, "NoSuchUpload")
        if self.command == "DELETE":
            del uploads[upload]
            return self.answer(204)
        if self.command == "PUT":
            etag = hashlib.md5(self.body).hexdigest()
            uploads[upload][int(self.query["partNumber"])] = etag, self.body
            return self.answer(200, headers=[("ETag", f'"{etag}"')])
        named = re.findall(r'<PartNumber>(\d+)</PartNumber><ETag>"(\w+)"</ETag>',
                           self.body.decode())
        parts = sorted(uploads.pop(upload).items())
        if [(int(number), etag) for number, etag in named] != \
                [(number, etag) for number, (etag, _) in parts]:
            raise Refused(400, "InvalidPart")
        self.keep(b"".join(part for _, (_, part) in parts))
        self.xml("CompleteMultipartUploadResult", Key=self.key)

    def serve_bytes(self, body):
        headers = list(kept.get(self.key, []))
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if wanted is None:
            return self.answer(200, body, headers)
        first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
        if first >= len(body):
            if "-unsaid-" in self.key:
                raise Refused(416, "InvalidRange")
            return self.answer(416, b"", [("Content-Range", f"bytes */{len(body)}")])
        part = body[first:last + 1]
        headers.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
        if self.half:
            self.answer(206, part[:len(part) // 2], headers, length=len(part))
            self.close_connection = True
            return None
        return self.answer(206, part, headers)

    def metadata(self, path):
        if path == "/latest/api/token":
            return self.answer(200 if self.command == "PUT" else 405, b"a-token")
        if self.headers.get("X-aws-ec2-metadata-token") != "a-token":
            raise Refused(401, "no token")
        if path.endswith("/security-credentials/"):
            return self.answer(200, b"a-role\n")
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return self.answer(200, json.dumps({
            "AccessKeyId": "machine", "SecretAccessKey": KEYS["machine"],
            "Token": TOKENS["machine"],
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode())


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), S3)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
