"""Who makes a call in an actor's place, when the call would use the actor up."""
from harness.client import Actor
from harness.shop import PASSWORD, fresh


def twin_of(actor):
    """The same account, signed in once more."""
    if not actor.account:
        return actor
    return Actor(actor.server, actor.name).login(actor.account["email"], actor.password)


def stand_in(actor):
    """Another account with the same roles at the same vendors."""
    if not actor.account:
        return actor
    person = Actor(actor.server, actor.name).register(
        fresh("stand-in") + "@example.com", PASSWORD, "Stand-in")
    actor.server.db.rows("insert into staff (vendor_id, account_id, role) "
                         "select vendor_id, %s, role from staff where account_id = %s",
                         person.id, actor.id)
    return person


def somebody_new(actor):
    """Another account without a role, for what takes away what the world is made of."""
    if not actor.account:
        return actor
    return Actor(actor.server, actor.name).register(
        fresh("somebody") + "@example.com", PASSWORD, "Somebody")
