"""An admin who sees what a customer or a vendor sees, and writes nothing: docs/ACCOUNTS.md."""
import psycopg2
import pytest
from harness.client import refused
from harness.contract import OPERATIONS
from harness.roles import As
from harness.sessions import refreshed
from harness.shop import fresh

WRITES = ("insert into {0} default values", "update {0} set {1} = {1}", "delete from {0}")


def looking(shop, admin=None, **target):
    """Somebody with the token of a view; .view is its row."""
    begun = (admin or shop.admin("support")).do("startSupportView", body={
        "reason": "They wrote to us", **target})
    viewer = shop.anonymous()
    viewer.access_token, viewer.view = begun["access_token"], begun["view"]
    return viewer


@pytest.fixture(scope="module")
def views(world):
    """Of each kind, by an admin each, since a session has one."""
    return {"customer": looking(world.shop, world.shop.admin("support"),
                                user_id=world.a.customer.id),
            "staff": looking(world.shop, world.shop.admin("operations"),
                             vendor_id=world.a.vendor.id)}


def kind_of(operation):
    return "staff" if "staff" in operation.actors else "customer"


def test_a_view_reads_whatever_its_person_reads(world, views):
    different = {}
    for operation in OPERATIONS.values():
        if not operation.is_read or not {"staff", "customer"} & set(operation.actors) \
                or {"public", "guest"} & set(operation.actors) - {"guest"}:
            continue
        kind = kind_of(operation)
        maker = world.a.customer if kind == "customer" else world.a.vendor.owner
        got = views[kind].call(operation.id, **world.arguments(operation, maker, world.a))
        wanted = 403 if "x-ticket" in operation.spec or "x-recent" in operation.spec else 200
        if got.status_code != wanted:
            different[operation.id] = (got.status_code, got.text[:200])
    assert not different


def test_a_view_writes_nothing_whatever_is_called(world, views):
    before, taken = world.shop.db.fingerprint(), {}
    for operation in OPERATIONS.values():
        kinds = set(operation.actors)
        if operation.is_read or not {"staff", "customer"} & kinds or "public" in kinds:
            continue
        ids = {name: world.a.ids.get(name, world.a.vendor.id) for name in operation.names("path")}
        for view in views.values():
            answer = view.call(operation.id, **ids, body={})
            if answer.status_code not in (400, 403, 415):
                taken[operation.id] = (answer.status_code, answer.text[:200])
    assert not taken
    after = world.shop.db.fingerprint()
    assert {t for t in after if after[t] != before[t]} <= {"outbox", "support_view"}


@pytest.mark.parametrize("role,kind", [("sebez_customer", "customer"), ("sebez_vendor", "staff")])
def test_the_database_refuses_each_write_to_each_table(world, db, views, role, kind):
    view = views[kind].view
    tried = 0
    for table in db.tables():
        column = sorted(db.columns(table))[0]
        for write in WRITES:
            privilege = write.split()[0]
            if not db.one("select has_any_column_privilege(%s, %s, %s)" if privilege != "delete"
                          else "select has_table_privilege(%s, %s, %s)", role, table, privilege):
                continue
            with As(db, role) as cursor:
                cursor.execute("select act_as_view(%s, %s, %s, '127.0.0.1', 'r')", (
                    view["id"], view["user_id"], view["vendor_id"]))
                with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
                    cursor.execute(write.format(table, column))
            tried += 1
    assert tried > 20
    with As(db, role) as cursor:
        cursor.execute("select act_as_view(%s, %s, %s, '127.0.0.1', 'r')", (
            view["id"], view["user_id"], view["vendor_id"]))
        with pytest.raises(psycopg2.errors.ActiveSqlTransaction):
            cursor.execute("set transaction read write")


def test_a_view_is_of_one_person_or_vendor_and_ends(shop):
    admin, person, other, vendor = (shop.admin("support"), shop.customer(), shop.customer(),
                                    shop.vendor())
    first = looking(shop, admin, user_id=person.id)
    assert first.do("getMe")["name"] == person.account["name"]
    refused(first.call("getMyVendor", vendor_id=vendor.id), 404)
    acting = {"view_id": first.view["id"], "kind": "customer", "id": person.id,
              "name": person.account["name"], "expires_at": first.view["expires_at"]}
    assert first.do("getMe")["acting_as"] == admin.do("getMe")["acting_as"] == acting
    assert refreshed(admin).json()["user"]["acting_as"] == acting
    second = looking(shop, admin, vendor_id=vendor.id)
    refused(first.call("getMe"), 401)
    assert second.do("getMyVendor", vendor_id=vendor.id)["id"] == vendor.id
    refused(second.call("getMyVendor", vendor_id=shop.vendor().id), 404)
    refused(second.call("getMe"), 404)
    refused(second.call("adminListUsers"), 403)
    refused(shop.admin("operations").call("endSupportView", view_id=second.view["id"]), 404)
    assert admin.call("endSupportView", view_id=second.view["id"]).status_code == 204
    refused(second.call("getMyVendor", vendor_id=vendor.id), 401)
    assert admin.do("getMe")["acting_as"] is None
    third = looking(shop, admin, user_id=other.id)
    shop.db.rows("update support_view set expires_at = now() where id = %s", third.view["id"])
    refused(third.call("getMe"), 401)
    assert shop.check() == []


def test_a_view_ends_with_the_session_and_the_role_that_began_it(shop):
    for end in ("update session set ended_at = now() where account_id = %s",
                "update account set admin_role = null where id = %s",
                "update account set locked_at = now() where id = %s"):
        email = fresh("helper") + "@example.com"
        shop.server.sebez("admin", "create", "--email", email, "--role", "support", "--password",
                          "correct horse battery staple")
        admin = shop.anonymous().login(email, "correct horse battery staple")
        view = looking(shop, admin, user_id=shop.customer().id)
        view.do("getMe")
        shop.db.rows(end, admin.id)
        refused(view.call("getMe"), {"session": 401}.get(end.split()[1], 403))


def test_who_saw_what_and_why_is_in_the_audit_log_and_admins_are_not_looked_at(shop):
    admin, person, reason = shop.admin("support"), shop.customer(), fresh("ticket")
    view = looking(shop, admin, user_id=person.id, reason=reason).view
    admin.do("endSupportView", view_id=view["id"])
    entries = shop.db.rows("select action, reason from audit_log where object_id = %s order by id",
                           view["id"])
    assert [(e["action"], e["reason"]) for e in entries] == [("insert", reason), ("update", None)]
    [seen] = [v for v in shop.admin("operations").do("listSupportViews")["items"]
              if v["id"] == view["id"]]
    assert (seen["user_id"], seen["reason"], seen["admin"]["id"]) == (person.id, reason, admin.id)
    body = {"reason": "Curious"}
    refused(admin.call("startSupportView", body={**body, "user_id": shop.admin().id}), 409)
    refused(admin.call("startSupportView", body=body), 400, field="/user_id")
    refused(admin.call("startSupportView", body={**body, "user_id": person.id,
                                                 "vendor_id": shop.vendor().id}), 400,
            field="/user_id")
    refused(shop.admin("finance").call("startSupportView", body={**body, "user_id": person.id}),
            403)
