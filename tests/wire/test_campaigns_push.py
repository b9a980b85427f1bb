"""Campaigns on devices."""
import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from conftest import after  # noqa: E402
from harness import devices, pushes  # noqa: E402
from harness.campaigns import Campaign  # noqa: E402
from harness.wait import until  # noqa: E402
from test_preferences import DEFAULTS, ON  # noqa: E402


@pytest.fixture
def push():
    with pushes.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


def test_what_a_provider_took_for_a_device_is_delivered_and_the_person_follows_it(push):
    phone = devices.a_phone(locale="fr")
    asks, asks_not = push.somebody(phone), push.somebody(devices.a_phone())
    asks.do("putNotificationPreferences", body=DEFAULTS | {"promotions": ON})
    for person in (asks, asks_not):
        person.do("followVendor", vendor_id=push.vendor.id)
    campaign = Campaign(push.shop, push.vendor, texts=[
        {"language": "en", "title": "A glaze", "body": "See"},
        {"language": "fr", "title": "Un email", "body": "Voyez"}]).scheduled()
    campaign.over()
    (request,) = push.sent(phone["address"])
    message = request.json["message"]
    assert "Un email" in str(message) and "A glaze" not in str(message)
    until(lambda: campaign.see()["counts"][0]["delivered"] == 1)
    (listed,) = [n for n in asks.all("listNotifications") if n["kind"] == "promotion"]
    assert listed["id"] in str(message["data"])
    asks.do("openNotification", notification_id=listed["id"])
    assert campaign.see()["counts"] == [
        {"variant": "a", "sent": 2, "delivered": 1, "opened": 1, "clicked": 1}]
