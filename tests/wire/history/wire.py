"""HTTP as thinly as it can be had, for many requests a second from one process: a Line is one
connection. Whatever goes wrong on it is Lost: nobody knows whether the request had its effect."""
import asyncio
import json

PATIENCE_S = 4  # more than anything is stopped for


class Lost(Exception):
    """No answer, or a part of one."""


class Line:
    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def ask(self, method, path, token=None, body=None, *, patience_s=PATIENCE_S, cut_s=None):
        """Status and JSON. cut_s: hangs up so long after asking, wherever the answer is then."""
        try:
            async with asyncio.timeout(patience_s if cut_s is None else cut_s):
                await self._send(method, path, token, body, "")
                status, headers = await self._head()
                data = await self._body(headers)
                if headers.get("connection", "").lower() == "close":
                    self.close()
                return status, json.loads(data) if data[:1] in (b"{", b"[") else None
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            self.close()
            raise Lost(repr(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise

    async def stream(self, path, token, last_id=None, *, patience_s=PATIENCE_S):
        """Server-sent events as (id, event, data), until it ends. A status other than 200 is
        yielded as (status, None, body)."""
        try:
            extra = "Accept: text/event-stream\r\n"
            if last_id:
                extra += f"Last-Event-ID: {last_id}\r\n"
            async with asyncio.timeout(patience_s):
                await self._send("GET", path, token, None, extra)
                status, headers = await self._head()
            if status != 200:
                yield status, None, await self._body(headers)
                return
            left = b""
            async for piece in self._pieces(headers):
                *whole, left = (left + piece).split(b"\n\n")
                for message in whole:
                    fields = dict(line.split(": ", 1) for line in message.decode().split("\n")
                                  if ": " in line)
                    if "data" in fields:
                        yield fields.get("id"), fields.get("event"), json.loads(fields["data"])
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise Lost(repr(error)) from error
        finally:
            self.close()

    async def _send(self, method, path, token, body, extra):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port,
                                                                     limit=1 << 20)
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{extra}"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        elif method in ("POST", "PUT", "PATCH"):
            head += "Content-Length: 0\r\n"
        self.writer.write(head.encode() + b"\r\n" + data)
        await self.writer.drain()

    async def _head(self):
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = text.split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return int(first.split(" ", 2)[1]), headers

    async def _body(self, headers):
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        return b"".join([piece async for piece in self._pieces(headers)])

    async def _pieces(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            piece = await self.reader.readexactly(size + 2)
            if size == 0:
                return
            yield piece[:-2]
