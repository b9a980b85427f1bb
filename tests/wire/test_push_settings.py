"""Credentials for the providers of push messages: what is said of good ones and of bad ones."""
import json

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import providers, push_crypto  # noqa: E402
from harness.server import folder  # noqa: E402


@pytest.fixture
def fake():
    with providers.fake() as one:
        yield one


@pytest.fixture
def write(tmp_path):
    tmp_path.chmod(0o755)

    def write_file(name, text):
        path = tmp_path / name
        path.write_text(text)
        return str(path)
    return write_file


def test_check_tells_which_providers_take_our_credentials(fake, write):
    with folder(**providers.settings(fake, write)) as server:
        server.sebez("migrate")
        said = server.sebez("check").stdout
        account = json.loads(fake.account())["client_email"]
        public = push_crypto.coded(push_crypto.point_of(fake.vapid_key))
        for line in (f"ok     FCM_SERVICE_ACCOUNT_FILE: {account}",
                     "ok     FCM gives an access token", "ok     FCM takes messages",
                     "ok     APNs: takes our key and topic",
                     "ok     APNs (sandbox): takes our key and topic",
                     f"ok     VAPID_KEY_FILE; pages subscribe with the public key: {public}",
                     "ok     EXPO_ACCESS_TOKEN: is set"):
            assert line in said
        (message,) = [r.json for r in fake.got if r.provider == "fcm"]
        assert message["validate_only"] is True
        assert "PRIVATE" not in said and providers.EXPO_TOKEN not in said


def test_check_tells_what_a_provider_refuses(fake, write):
    fake.google_key = push_crypto.rsa_key()  # another than our account's
    settings = providers.settings(fake, write)
    fake.google_key, fake.apns_topic = providers.google_key(), "com.example.other"
    with folder(**settings) as server:
        server.sebez("migrate")
        done = server.sebez("check", check=False)
    assert done.returncode == 1
    assert "WRONG  FCM gives an access token: access token: invalid_grant" in done.stdout
    assert "WRONG  APNs: TopicDisallowed" in done.stdout


@pytest.mark.parametrize("setting, text, said", [
    ("FCM_SERVICE_ACCOUNT_FILE", "{}", "FCM_SERVICE_ACCOUNT_FILE: it has no token_uri"),
    ("FCM_SERVICE_ACCOUNT_FILE", "SECRET", "FCM_SERVICE_ACCOUNT_FILE: it is not a JSON object"),
    ("APNS_KEY_FILE", "SECRET", "APNS_KEY_FILE: the key is not PEM"),
    ("VAPID_KEY_FILE", "SECRET",
     "VAPID_KEY_FILE: it is neither PEM nor 43 characters of base64url"),
    ("APNS_KEY_FILE", None, "APNS_KEY_FILE: No such file or directory"),
])
def test_a_server_does_not_start_with_bad_credentials_and_names_the_setting(
        fake, write, setting, text, said):
    settings = providers.settings(fake, write)
    settings[setting] = write("bad", text) if text is not None else "/none/such"
    with folder(**settings) as server:
        done = server.sebez("serve", check=False)
    assert done.returncode != 0 and said in done.stderr
    assert "SECRET" not in done.stdout + done.stderr


def test_a_vapid_key_may_be_what_tools_print(fake, write):
    secret = fake.vapid_key.private_numbers().private_value.to_bytes(32, "big")
    settings = {"VAPID_KEY_FILE": write("vapid", push_crypto.coded(secret) + "\n"),
                "VAPID_SUBJECT": "mailto:a@b.example"}
    with folder(**settings) as server:
        server.sebez("migrate")
        said = server.sebez("check").stdout
    assert push_crypto.coded(push_crypto.point_of(fake.vapid_key)) in said
