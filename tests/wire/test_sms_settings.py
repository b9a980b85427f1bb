"""The providers of text messages that the settings name: what they are sent, what becomes of their
answers, and what is said of settings that are wrong."""
import pytest

from harness.server import folder
from harness.sms_provider import SmsProvider

ETHIOPIA, GERMANY = "+251911234567", "+4915112345678"


@pytest.fixture
def provider():
    one = SmsProvider()
    yield one
    one.close()


def sent(settings, to=ETHIOPIA):
    """(exit status, what was printed) of `sebez sms test`."""
    with folder(**settings) as server:
        done = server.sebez("sms", "test", "--to", to, check=False)
        assert "s3cret" not in done.stdout + done.stderr
        return done.returncode, (done.stdout or done.stderr).strip()


def test_twilio_gets_a_message(provider):
    settings = provider.twilio(SEBEZ_MAIL_NAME="Clay & Co = ❤")
    assert sent(settings, "00251 91 123 4567") == (0, "sent: status 201")
    assert provider.messages == [{"by": "twilio", "to": ETHIOPIA, "from": "+15005550006",
                                  "text": "Text messages of Clay & Co = ❤ work.", "id": None}]


def test_a_messaging_service_of_twilio_can_be_the_sender(provider):
    assert sent(provider.twilio(SMS_FROM="MG123"))[0] == 0
    assert provider.messages[0]["from"] == "MG123"


@pytest.mark.parametrize("body", [
    '{"recipient": "{to}", "message": "{text}", "sender": "{from}", "reference": "{id}"}',
    "recipient={to}&message={text}&sender={from}&reference={id}"])
def test_a_gateway_gets_a_message_as_its_template_says(provider, body):
    settings = provider.gateway(SMS_GATEWAY_BODY=body, SEBEZ_MAIL_NAME='Clay "&" Co\\ {to} ❤')
    assert sent(settings)[0] == 0
    assert provider.messages == [{"by": "gateway", "to": ETHIOPIA, "from": "Sebez", "id": "test",
                                  "text": 'Text messages of Clay "&" Co\\ {to} ❤ work.'}]


def test_each_country_has_its_provider(provider):
    settings = {**provider.gateway(), **provider.twilio(),
                "SMS_ROUTES": "+251=gateway *=twilio +2519999=nobody"}
    assert sent(settings, ETHIOPIA)[0] == 0
    assert sent(settings, GERMANY)[0] == 0
    assert [message["by"] for message in provider.messages] == ["gateway", "twilio"]
    status, said = sent(settings, "+251999912345")
    assert status == 1 and "no provider has that number" in said
    assert len(provider.messages) == 2


@pytest.mark.parametrize("status, code, outcome", [
    (400, 21211, "number refused"), (400, 21610, "number refused"), (401, 20003,
                                                                     "provider refuses us"),
    (400, 21408, "number refused"), (429, 20429, "retry"), (503, None, "provider failed")])
def test_what_twilio_answers_is_told(provider, status, code, outcome):
    provider.answer = lambda message: (status, {"code": code, "message": "+251911234567!"})
    ended, said = sent(provider.twilio())
    assert ended == 1 and said.startswith(outcome + ": ")
    assert str(code or status) in said and "911234567" not in said


def test_a_gateway_that_answers_200_may_have_refused_all_the_same(provider):
    provider.answer = lambda message: (200, {"acknowledge": "error"})
    assert sent(provider.gateway()) == (
        1, "number refused: the answer has no SMS_GATEWAY_ACCEPTED")
    assert sent(provider.gateway(SMS_GATEWAY_ACCEPTED="")) == (0, "sent: status 200")


def test_a_provider_that_is_not_there_is_told(provider):
    settings = provider.twilio(TWILIO_ORIGIN="http://127.0.0.1:9")
    assert sent(settings) == (1, "provider failed: no answer")


@pytest.mark.parametrize("changes, mistake", [
    ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
    ({"SMS_FROM": ""}, "SMS_FROM"),
    ({"TWILIO_ORIGIN": "http://host/path"}, "TWILIO_ORIGIN"),
    ({"SMS_ROUTES": "251=twilio"}, "SMS_ROUTES"),
    ({"SMS_ROUTES": "+251=sinch"}, "SMS_ROUTES"),
    ({"SMS_ROUTES": "+251="}, "SMS_ROUTES"),
    ({"SMS_ROUTES": "*1=twilio"}, "SMS_ROUTES"),
    ({"SMS_ROUTES": "+251=gateway"}, "SMS_GATEWAY_URL"),
    ({"SMS_GATEWAY_URL": "ftp://host"}, "SMS_GATEWAY_URL"),
    ({"SMS_GATEWAY_URL": "https://host/", "SMS_GATEWAY_BODY": "{text}"}, "SMS_GATEWAY_BODY"),
    ({"SMS_GATEWAY_URL": "https://host/", "SMS_GATEWAY_BODY": "{to}{text}",
      "SMS_GATEWAY_HEADER": "s3cret"}, "SMS_GATEWAY_HEADER"),
    ({"SMS_GATEWAY_URL": "https://host/", "SMS_GATEWAY_BODY": "{to}{text}"}, "SMS_ROUTES"),
])
def test_wrong_settings_are_named(provider, changes, mistake):
    status, said = sent(provider.twilio(**changes))
    assert status != 0 and mistake in said


@pytest.mark.parametrize("number", ["0911234567", "ada@example.com", "+1", ""])
def test_a_number_needs_its_calling_code(provider, number):
    status, said = sent(provider.twilio(), number)
    assert status == 1 and "--to must be a number with its calling code" in said
    assert provider.messages == []
