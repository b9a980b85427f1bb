"""Pictures of who sells and who buys: logos, banners, avatars; and of categories."""
import uuid

import pytest

from harness.images import has_avif, known_by_upload, uploaded, uses
from harness.shop import PASSWORD, fresh, refused
from harness.uploads import ask


def one(answer, **wanted):
    """The item of a list."""
    (found,) = [item for item in answer["items"] if wanted.items() <= item.items()]
    return found


class Place:
    """Where a picture is shown: the field of it, who gives it, and everybody's view of it."""

    def __init__(self, shop, field, purpose, sender, *, vendor=None):
        self.shop, self.field, self.purpose, self.sender = shop, field, purpose, sender
        self.more = {"vendor_id": vendor.id} if vendor else {}

    def uploaded(self, purpose=None):
        return uploaded(self.shop.server, self.sender, purpose or self.purpose, **self.more)

    def write(self, value, **body):
        return self.call(body={self.field: value, **body})

    def give(self, value):
        """It is shown the same wherever it is shown."""
        answer = self.write(value)
        assert answer.status_code == 200, answer.text
        shown = answer.json()[self.field]
        assert all(view == shown for view in self.views())
        return shown


class OfVendor(Place):
    def __init__(self, shop, field):
        self.vendor = shop.vendor()
        super().__init__(shop, field, f"vendor_{field}", self.vendor.owner, vendor=self.vendor)

    def call(self, **arguments):
        return self.vendor.call("updateVendor", **arguments)

    def views(self):
        lists = [self.shop.admin().do("adminListVendors", q=self.vendor.slug)]
        if self.field == "logo":
            lists.append(self.shop.sees("listVendors", q=self.vendor.slug))
        rows = [one(answer, id=self.vendor.id) for answer in lists]
        rows += [self.vendor.do("getMyVendor"),
                 self.shop.sees("getVendor", vendor_id=self.vendor.id)]
        return [row[self.field] for row in rows]


class OfCategory(Place):
    def __init__(self, shop):
        super().__init__(shop, "image", "category_image", shop.admin("moderator"))
        self.id = self.sender.do("createCategory", body={"name": fresh("Category")})["id"]

    def call(self, **arguments):
        return self.sender.call("updateCategory", category_id=self.id, **arguments)

    def views(self):
        return [one(self.shop.sees("listCategories", empty=True), id=self.id)["image"]]


class OfAccount(Place):
    def __init__(self, shop):
        self.vendor = shop.vendor()
        super().__init__(shop, "avatar", "avatar", self.vendor.staff("support"))

    def call(self, **arguments):
        return self.sender.call("updateMe", **arguments)

    def views(self):
        admin = self.shop.admin()
        rows = [one(self.vendor.do("listStaff"), user_id=self.sender.id),
                one(admin.do("adminListUsers", q=self.sender.account["email"]), id=self.sender.id),
                admin.do("adminGetUser", user_id=self.sender.id), self.sender.do("getMe")]
        return [row["avatar"] for row in rows]


@pytest.fixture(scope="module", params=["logo", "banner", "category", "avatar"])
def place(request, shop):
    if request.param == "category":
        return OfCategory(shop)
    return OfAccount(shop) if request.param == "avatar" else OfVendor(shop, request.param)


def test_a_picture_is_shown_as_long_as_it_is_given(shop, place):
    (one, one_path), (two, two_path) = place.uploaded(), place.uploaded()
    assert place.give({"upload_id": one, "alt": "One"}) == known_by_upload(one, one_path, "One")
    assert place.give({"upload_id": two}) == known_by_upload(two, two_path)
    assert (uses(shop, one), uses(shop, two)) == (0, 1)
    answer = place.call(body={})
    assert answer.json()[place.field] == known_by_upload(two, two_path), "it was not in the body"
    assert place.give(None) is None
    assert uses(shop, two) == 0


def test_more_renditions_are_shown_as_soon_as_they_are_there(shop, place):
    picture, path = place.uploaded()
    place.give({"upload_id": picture, "alt": "Seen"})
    has_avif(shop, picture)
    shown = known_by_upload(picture, path, "Seen", ("jpg", "webp", "avif"))
    assert all(view == shown for view in place.views())


def test_an_upload_that_cannot_be_shown_is_refused_by_its_field(shop, place):
    stranger = shop.vendor()
    waiting = ask(place.sender, place.purpose, **place.more)["id"]
    another_place, _ = uploaded(shop.server, place.sender, "review_photo")
    if place.more:
        others, _ = uploaded(shop.server, stranger.owner, place.purpose, vendor_id=stranger.id)
    else:
        others, _ = uploaded(shop.server, stranger.owner, "avatar")
    field = f"/{place.field}/upload_id"
    for upload in (waiting, another_place, others, str(uuid.uuid4())):
        refused(place.write({"upload_id": upload}), 400, field=field)
    refused(place.write({"alt": "Nothing"}), 400, field=field)
    refused(place.write({"url": "https://images.example.com/a.jpg"}), 400)


def test_a_new_category_has_a_picture_and_a_removed_one_lets_it_go(shop):
    admin = shop.admin("operations")
    picture, path = uploaded(shop.server, admin, "category_image")
    made = admin.do("createCategory", body={"name": fresh("Category"),
                                            "image": {"upload_id": picture, "alt": "Mugs"}})
    assert made["image"] == known_by_upload(picture, path, "Mugs")
    assert uses(shop, picture) == 1
    admin.do("deleteCategory", category_id=made["id"])
    assert uses(shop, picture) == 0
