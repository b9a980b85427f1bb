"""Which events webhooks may have: x-webhook on the schema of an event, a list of whose webhooks.

A vendor's get the events of its own feed; the platform's those of all vendors' feeds, and the ones
that are not for vendors from the feeds of customers."""

OWNERS = {"vendor": "VendorWebhookEvent", "platform": "PlatformWebhookEvent"}


def wrong(schema, owners):
    if "x-event" not in schema:
        return "x-webhook is for schemas with x-event"
    for owner in owners:
        if owner not in OWNERS:
            return f"x-webhook: {owner!r} is not vendor or platform"
    if "vendor" in owners and "manager" not in schema.get("x-staff", ["manager"]):
        return "x-webhook: the event is withheld from managers (x-staff), who run the webhooks"
    return None


def fill(schemas, error):
    """Makes the two enums from the schemas with x-webhook."""
    kinds = {owner: [] for owner in OWNERS}
    for name, schema in schemas.items():
        owners = schema.get("x-webhook", []) if isinstance(schema, dict) else []
        problem = wrong(schema, owners) if owners else None
        if problem:
            error(name, problem)
            continue
        for owner in owners:
            kinds[owner].append(schema["x-event"])
    for owner, enum in OWNERS.items():
        if kinds[owner] and enum not in schemas:
            error(enum, "there are events for webhooks, but no such schema for them")
        elif enum in schemas:
            schemas[enum]["enum"] = kinds[owner]
