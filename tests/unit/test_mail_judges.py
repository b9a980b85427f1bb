"""Mails that we write, sign and send, judged by Python's parser of mails, dkimpy and aiosmtpd.

    test_mail_judges.py      MAIL_TOOL names the program that makes them
"""
import email
import email.header
import email.policy
import email.utils
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from harness import certificate  # noqa: E402
from harness.mail_server import MailServer, free_port  # noqa: E402

TOOL = os.environ["MAIL_TOOL"]
SEED = int(os.environ.get("SEBEZ_TEST_SEED") or random.SystemRandom().getrandbits(32))
MAIL = {"do": "write", "from_name": "Sebez", "from": "shop@shop.example", "to": "sara@mail.example",
        "reply_to": None, "subject": "Your order", "message_id": "01890a5d@shop.example",
        "time_us": 1796000000_000000, "text": "Hello", "html": "<p>Hello</p>", "language": "en",
        "unsubscribe": None}
SEND = {"do": "send", "user": "", "password": "", "from": "bounces@shop.example",
        "to": ["sara@mail.example"], "bytes": "Subject: Hello\r\n\r\n.dots\r\n", "plain": True,
        "deadline_ms": 5000}


def ascii_head(text):
    return ascii(text)[:12]


class Tool:
    def __init__(self, ca_file=None):
        self.process = subprocess.Popen([TOOL, *([str(ca_file)] if ca_file else [])], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, call):
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def write(self, **values):
        return self.ask({**MAIL, **values})

    def send(self, server, **values):
        return self.ask({**SEND, "url": server.address, **values})

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0


@pytest.fixture
def tool():
    tool = Tool()
    yield tool
    tool.close()


@pytest.fixture
def server():
    server = MailServer()
    yield server
    server.close()


def read(content):
    return email.message_from_string(content, policy=email.policy.default)


@pytest.mark.parametrize("text", ids=ascii_head, argvalues=[
    "Your order SBZ-1", "Commande expédiée", "ትዕዛዝዎ ተልኳል", "تم شحن طلبك " * 20, "=?UTF-8?B?QQ==?=",
    "x" * 300, "blanks   inside", "'quoted' \"and\" \\", "😀" * 60, "a,b;c<d>"])
def test_subjects_and_names_are_read_as_they_were(tool, text):
    content = tool.write(subject=text, from_name=text)
    message = read(content)
    assert message["Subject"].strip() == text.strip()
    assert message["From"].addresses[0].addr_spec == "shop@shop.example"
    # The newer parser puts blanks between encoded words of a name.
    raw = email.message_from_string(content)["From"].replace("\r\n", "")
    if raw.startswith('"'):
        name, _ = email.utils.parseaddr(raw)
    else:
        name = str(email.header.make_header(email.header.decode_header(raw[:raw.index(" <")])))
    assert name.strip() == text.strip()


def test_bodies_are_read_as_they_were(tool):
    rng = random.Random(SEED)
    print(f"SEBEZ_TEST_SEED={SEED}")
    for alphabet in ("abc .=\t\n", "é à.\n", "ትዕዛዝ \n", "شحن. \n=", "😀x"):
        for length in (0, 1, 75, 76, 77, 2000):
            text = "".join(rng.choices(alphabet, k=length))
            content = tool.write(text=text, html=f"<p>{text}</p>")
            assert max(len(line) for line in content.split("\r\n")) <= 78
            assert all(not line.startswith(".") for line in content.split("\r\n"))
            message = read(content)
            assert message.get_content_type() == "multipart/alternative" and not message.defects
            assert message.get_body(("plain",)).get_content().rstrip("\r\n").replace("\r", "") \
                == text.rstrip("\n")
            html = message.get_body(("html",)).get_content()
            assert html.replace("\r", "").rstrip("\n") == f"<p>{text}</p>"


def test_no_value_adds_a_header(tool):
    evil = "x\r\nBcc: victim@mail.example\r\n\r\nbody"
    message = read(tool.write(subject=evil, from_name=evil, to=evil, reply_to=evil, message_id=evil,
                              language=evil, unsubscribe=evil, **{"from": evil}))
    assert "Bcc" not in message
    assert sorted(message.keys()) == sorted([
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted",
        "Content-Language", "MIME-Version", "Content-Type",
        "List-Unsubscribe", "List-Unsubscribe-Post"])


def test_headers_say_when_from_whom_and_how_to_end_it(tool):
    message = read(tool.write(unsubscribe="https://shop.example/v1/mail/unsubscribe?token=abc"))
    assert email.utils.parsedate_to_datetime(message["Date"]).timestamp() == 1796000000
    assert message["Message-ID"] == "<01890a5d@shop.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<https://shop.example/v1/mail/unsubscribe?token=abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in read(tool.write())


def pem_of(kind):
    arguments = ["-algorithm", "ed25519"] if kind == "ed25519" else \
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    return subprocess.run(["openssl", "genpkey", *arguments], capture_output=True, text=True,
                          check=True).stdout


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_signatures_are_verified_and_cover_what_is_read(tool, kind):
    pem = pem_of(kind)
    for text in ("Hello", "blanks  \t here \n\n\n", "", "ትዕዛዝዎ\n" * 40, "\n\nx\n \n\n"):
        content = tool.write(subject="ትዕዛዝዎ " * 20, text=text, unsubscribe="https://shop.example/u")
        answer = tool.ask({"do": "dkim", "pem": pem, "domain": "shop.example", "selector": "s1",
                           "time": 1796000000, "mail": content})
        whole = (answer["header"] + content).encode()

        def verified(mail):
            return dkim.verify(mail, dnsfunc=lambda name, timeout=5: answer["record"].encode()
                               if name == b"s1._domainkey.shop.example." else None)
        assert verified(whole)
        assert not verified(whole.replace(b"multipart/alternative", b"multipart/mixed"))
        assert not verified(whole.replace(b"--\r\n", b"x--\r\n"))
        assert not verified(whole.replace(b"To: <sara@", b"To: <eve@"))


def test_what_is_no_key_is_refused(tool):
    for pem in ("", "x", subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey"],
                                        capture_output=True, text=True, check=True).stdout):
        assert "key" in tool.ask({"do": "dkim", "pem": pem})["error"]


def test_messages_arrive_and_share_connections(tool, server):
    to = [f"p{i}@mail.example" for i in range(3)]
    for _ in range(5):
        assert tool.send(server, to=to) == [["accepted", ""]] * 3
    assert [len(server.to(address)) for address in to] == [5] * 3
    assert server.connections <= 3
    [mail, *_] = server.to(to[0])
    assert mail.sender == "bounces@shop.example" and mail.content.endswith(b"\r\n\r\n.dots\r\n")


@pytest.mark.parametrize("command, answer, verdict", [
    ("RCPT", "550 5.1.1 No such user", "bad_address"), ("RCPT", "550 No such user", "permanent"),
    ("RCPT", "550 relay not permitted", "permanent"), ("RCPT", "551 Moved", "permanent"),
    ("RCPT", "550 5.1.0 Sender address rejected", "permanent"),
    ("MAIL", "550 5.1.1 No such user", "permanent"),
    ("RCPT", "550 5.2.1 Disabled", "bad_address"),
    ("DATA", "550 5.1.1 No such user", "bad_address"),
    ("RCPT", "550 5.7.1 Listed", "permanent"), ("RCPT", "552 5.2.2 Full", "permanent"),
    ("RCPT", "554 5.7.1 Relay denied", "permanent"), ("MAIL", "550 5.1.8 Bad sender", "permanent"),
    ("MAIL", "550 Refused", "permanent"), ("DATA", "554 5.6.0 Spam", "permanent"),
    ("DATA", "552 5.3.4 Too big", "permanent"), ("MAIL", "530 5.7.0 Sign in", "turned_away"),
    ("RCPT", "450 4.2.1 Busy", "temporary"), ("RCPT", "451 4.7.1 Greylisted", "temporary"),
    ("MAIL", "452 4.3.1 No space", "temporary"), ("DATA", "451 4.3.0 Later", "temporary"),
    ("DATA", "421 4.3.2 Shutting down", "temporary")])
def test_answers_are_verdicts(tool, server, command, answer, verdict):
    server.answer = lambda of, _: answer if of == command else None
    code = answer.split(" ")[0]
    [[got, reason]] = tool.send(server)
    assert got == verdict
    assert reason.startswith(f"{command}: {code}") and "user" not in reason and "@" not in reason
    server.answer = lambda *_: None
    assert tool.send(server) == [["accepted", ""]]


def test_one_that_is_refused_does_not_hold_up_the_others(tool, server):
    server.answer = lambda of, to: "550 5.1.1" if (of, to) == ("RCPT", "b@mail.example") else None
    answers = tool.send(server, to=["a@mail.example", "b@mail.example", "c@mail.example"])
    assert [verdict for verdict, _ in answers] == ["accepted", "bad_address", "accepted"]


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", ["drop", 30])
def test_a_connection_that_ends_or_stalls_is_unreachable(tool, server, command, fault):
    server.answer = lambda of, _: fault if of == command else None
    [[verdict, reason]] = tool.send(server, deadline_ms=1500)
    assert verdict == "unreachable" and reason
    server.answer = lambda *_: None
    assert tool.send(server) == [["accepted", ""]]


def test_a_connection_that_the_server_closed_is_not_used_again(tool):
    port = free_port()
    for _ in range(3):
        server = MailServer(port=port)
        assert tool.send(server) == [["accepted", ""]]
        server.close()
    assert tool.send(server)[0][0] == "unreachable"


def test_addresses_with_commands_are_not_sent(tool, server):
    for address in ("", "a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "a@b.example>"):
        assert tool.send(server, to=[address])[0][0] == "bad_address"
    assert tool.send(server, **{"from": "x>\r\nDATA"})[0][0] == "bad_address"
    assert not server.mails


@pytest.mark.parametrize("implicit", [False, True])
def test_tls_is_verified_and_names_and_passwords_are_sent(tmp_path, implicit):
    certificate.write(tmp_path)
    authority = tmp_path / "cert"
    server = MailServer(chain=(authority, tmp_path / "key"), implicit_tls=implicit, user="shop",
                        password="pass word")
    for ca_file, password, verdict in ((authority, "pass word", "accepted"),
                                       (authority, "wrong", "turned_away"),
                                       (None, "pass word", "turned_away")):
        tool = Tool(ca_file)
        [[got, reason]] = tool.send(server, plain=False, user="shop", password=password)
        assert got == verdict, reason
        tool.close()
    server.close()
    assert len(server.mails) == 1 and server.logins == 2


def test_nothing_is_sent_to_a_server_without_tls_unless_it_is_allowed(tool, server):
    [[verdict, reason]] = tool.send(server, plain=False)
    assert verdict == "turned_away" and reason and not server.mails
