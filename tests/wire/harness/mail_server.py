"""A mail server of its own (aiosmtpd) that keeps what it gets, and fails as it is told to."""
import asyncio
import email
import email.policy
import ssl
import threading
import time

import aiosmtpd.smtp

HOST = "127.0.0.1"


class Mail:
    def __init__(self, sender, recipient, content):
        self.sender, self.recipient, self.content = sender, recipient, content
        self.message = email.message_from_bytes(content, policy=email.policy.default)

    @property
    def id(self):
        return self.message["Message-ID"]

    def part(self, subtype):
        return self.message.get_body((subtype,)).get_content()


class MailServer:
    """`answer(command, argument)` may return an answer ("451 4.3.0 Later") for MAIL, RCPT and DATA,
    "drop" to close the connection, or a number of seconds to wait before going on. A drop for DATA
    is after the whole message, which is kept. chain: files of a certificate and its key, for
    STARTTLS or implicit TLS."""

    def __init__(self, chain=None, implicit_tls=False, user=None, password=None, port=0):
        self.mails, self.transports, self.connections, self.logins = [], [], 0, 0
        self.answer = lambda command, argument: None
        self.lock = threading.Lock()
        self.user, self.password = user, password
        context = None
        if chain:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*chain)
        server = self

        class Protocol(aiosmtpd.smtp.SMTP):
            def connection_made(self, transport):
                server.connections += transport.get_extra_info("sslcontext") is None or implicit_tls
                server.transports.append(transport)
                super().connection_made(transport)

        def protocol():
            return Protocol(self, enable_SMTPUTF8=True, hostname="mx.example", loop=self.loop,
                            auth_required=user is not None, authenticator=self.authenticate,
                            auth_require_tls=context is not None and not implicit_tls,
                            tls_context=None if implicit_tls else context,
                            require_starttls=context is not None and not implicit_tls)

        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(self.loop.create_server(
            protocol, HOST, port, ssl=context if implicit_tls else None))
        self.port = port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        scheme = "smtps" if implicit_tls else "smtp"
        login = f"{user}:{password}@" if user else ""
        self.address = f"{scheme}://localhost:{port}"
        self.url = f"{scheme}://{login}localhost:{port}"

    def close(self):
        self.loop.call_soon_threadsafe(self._end)
        self.thread.join()

    def _end(self):
        self.loop.call_later(0.05, self.loop.stop)
        self.server.close()
        for transport in self.transports:
            if not transport.is_closing():
                transport.abort()

    def authenticate(self, _server, _session, _envelope, _mechanism, login):
        self.logins += 1
        good = (login.login.decode(), login.password.decode()) == (self.user, self.password)
        return aiosmtpd.smtp.AuthResult(success=good, handled=good)

    async def _reply(self, server, command, argument):
        answer = self.answer(command, argument)
        if isinstance(answer, (int, float)):
            await asyncio.sleep(answer)
            return None
        if answer == "drop":
            server.transport.abort()
            return "421 4.4.2 Closing"
        return answer

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return await self._reply(server, "MAIL", address) or "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self._reply(server, "RCPT", address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = await self._reply(server, "DATA", envelope.rcpt_tos[0])
        if answer is None or answer.startswith("421"):
            with self.lock:
                self.mails += [Mail(envelope.mail_from, to, envelope.original_content)
                               for to in envelope.rcpt_tos]
        return answer or "250 2.0.0 OK"

    def to(self, address):
        with self.lock:
            return [mail for mail in self.mails if mail.recipient == address]

    def wait_for(self, address, count=1, seconds=20):
        end = time.monotonic() + seconds
        while len(self.to(address)) < count and time.monotonic() < end:
            time.sleep(0.05)
        assert len(self.to(address)) >= count, [mail.recipient for mail in self.mails]
        return self.to(address)


def free_port():
    import socket
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]
