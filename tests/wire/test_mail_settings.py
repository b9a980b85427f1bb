"""The mail server and the key of DKIM that the settings name: what is said of good and of bad
ones, and the mail that an operator sends to see that they work."""
import subprocess

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from harness import certificate  # noqa: E402
from harness.mail_server import MailServer, free_port  # noqa: E402
from harness.server import folder  # noqa: E402

FROM = {"SEBEZ_MAIL_FROM": "shop@shop.example", "SEBEZ_MAIL_NAME": "Ŝuoj & Co",
        "SEBEZ_PUBLIC_URL": "https://shop.example"}
TO = "sara@mail.example"


@pytest.fixture
def files(tmp_path):
    tmp_path.chmod(0o755)
    certificate.write(tmp_path)
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True,
                         text=True, check=True).stdout
    (tmp_path / "dkim").write_text(key)
    return tmp_path


@pytest.fixture
def mail_server(files):
    server = MailServer(chain=(files / "cert", files / "key"), user="shop", password="p@ss")
    server.url = server.url.replace("p@ss", "p%40ss")
    yield server
    server.close()


def settings(mail_server, files, **changes):
    return {"SEBEZ_SMTP_URL": mail_server.url, "SEBEZ_CA_FILE": str(files / "cert"),
            "SEBEZ_DKIM_SELECTOR": "s1", "SEBEZ_DKIM_KEY_FILE": str(files / "dkim"), **FROM,
            **changes}


def test_an_operator_sends_a_signed_mail_and_learns_what_became_of_it(mail_server, files):
    with folder(**settings(mail_server, files)) as server:
        assert server.sebez("mail", "test", "--to", TO).stdout == "accepted\n"
        [mail] = mail_server.to(TO)
        assert mail.sender == "shop@shop.example"
        assert str(mail.message["From"]) == '"Ŝuoj & Co" <shop@shop.example>' \
            or mail.message["From"].addresses[0].display_name == "Ŝuoj & Co"
        assert "works" in mail.part("plain") and "works" in mail.part("html")
        server.sebez("migrate")
        said = server.sebez("check").stdout
        assert "ok     SEBEZ_SMTP_URL: the server takes us" in said
        [record] = [line.partition(": ")[2] for line in said.splitlines()
                    if "s1._domainkey.shop.example has the record" in line]
        assert dkim.verify(mail.content, dnsfunc=lambda *_, **__: record.encode())
        assert mail_server.mails == [mail]  # the check sends none
        mail_server.answer = lambda of, _: "550 5.1.1 No sara here" if of == "RCPT" else None
        done = server.sebez("mail", "test", "--to", TO, check=False)
        assert (done.returncode, done.stdout) == (1, "bad_address: RCPT: 550 5.1.1\n")


def test_check_tells_that_a_mail_server_does_not_take_us(mail_server, files):
    wrong = mail_server.url.replace("p%40ss", "wrong")
    with folder(**settings(mail_server, files, SEBEZ_SMTP_URL=wrong)) as server:
        server.sebez("migrate")
        done = server.sebez("check", check=False)
        assert done.returncode == 1 and "WRONG  SEBEZ_SMTP_URL: AUTH: 5" in done.stdout
        assert "wrong" not in done.stdout + done.stderr
    with folder(**settings(mail_server, files, SEBEZ_SMTP_URL=f"smtp://localhost:{free_port()}",
                           SEBEZ_SMTP_TLS="none")) as server:
        done = server.sebez("mail", "test", "--to", TO, check=False)
        assert done.returncode == 1 and done.stdout.startswith("unreachable: ")


@pytest.mark.parametrize("wrong, named", [
    ({"SEBEZ_SMTP_URL": "http://localhost"}, "SEBEZ_SMTP_URL must be"),
    ({"SEBEZ_SMTP_URL": "smtp://localhost/path"}, "SEBEZ_SMTP_URL must be"),
    ({"SEBEZ_SMTP_URL": "smtp://user@localhost"}, "SEBEZ_SMTP_URL must be"),
    ({"SEBEZ_SMTP_URL": "smtp://a%0d%0a:b@localhost"}, "SEBEZ_SMTP_URL must be"),
    ({"SEBEZ_MAIL_FROM": ""}, "so SEBEZ_MAIL_FROM must be"),
    ({"SEBEZ_MAIL_FROM": "Shop <shop@shop.example>"}, "SEBEZ_MAIL_FROM must be an address"),
    ({"SEBEZ_DKIM_SELECTOR": ""}, "must be set together"),
    ({"SEBEZ_DKIM_SELECTOR": "a b"}, "SEBEZ_DKIM_SELECTOR must be"),
    ({"SEBEZ_DKIM_KEY_FILE": "/nowhere"}, "SEBEZ_DKIM_KEY_FILE: No such file")])
def test_a_wrong_setting_is_named(mail_server, files, wrong, named):
    with folder(**settings(mail_server, files, **wrong)) as server:
        done = server.sebez("mail", "test", "--to", TO, check=False)
        assert done.returncode != 0 and named in done.stdout + done.stderr
        assert not mail_server.mails
