"""Mails while the mail server is down, and when the process that sends them dies."""
import os
import pathlib
import signal

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from conftest import after  # noqa: E402
from harness import mails, notices  # noqa: E402
from harness.mail_server import MailServer  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture
def mail():
    with mails.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


def jobs_of(server):
    for pid in server.family():
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if command[1:2] == [b"jobs"]:
            return pid
    raise AssertionError("there is no jobs process")


def test_what_waited_for_the_mail_server_is_sent_when_it_is_back(mail):
    customer = mail.shop.customer()
    port = mail.smtp.port
    mail.smtp.close()
    for _ in range(6):
        mail.tell(customer)
    until(lambda: "left alone for a while" in mail.shop.server.log.read_text())
    mail.smtp = MailServer(port=port)
    until(lambda: mail.hurry() or mail.waiting(customer) == 0, 120)
    got = mail.got(customer)
    assert len(got) == 12 and len({m.id for m in got}) == 12
    assert mail.dead(customer) == []


def test_a_process_that_dies_repeats_mails_and_loses_none(mail):
    customer = mail.shop.customer()
    mail.smtp.answer = lambda command, argument: 0.3 if command == "DATA" else None
    with notices.unfollowed(mail.db):
        for _ in range(10):
            mail.tell(customer)
    for sent in (4, 9):
        until(lambda: len(mail.got(customer)) >= sent)
        os.kill(jobs_of(mail.shop.server), signal.SIGKILL)
        until(lambda: mail.db.one("select count(*) > 0 from outbox where topic = 'mail'"))
        # The leases end at once: nobody waits 90 seconds for them.
        mail.db.rows("update outbox set due_at = now() where topic = 'mail'")
    mail.smtp.answer = lambda command, argument: None
    until(lambda: mail.waiting(customer) == 0, 120)
    ids = [m.id for m in mail.got(customer)]
    assert len(set(ids)) == 20
    assert max(ids.count(one) for one in ids) <= 1 + 2  # once more for each death
