"""The history of many people who talk while everything dies: customers, vendors with several staff,
several devices each, by polls and streams; processes, Redis and PostgreSQL are killed, stopped,
emptied and replaced at random moments. Nothing that was acknowledged is lost, reordered, shown
twice or miscounted, and every device ends with the state that the server has.

    SEBEZ_TEST_SEED=7 pytest tests/wire/test_history.py                  another history
    SEBEZ_TEST_FAULTS=200 SEBEZ_TEST_MESSAGES=100000 pytest …            the full size
"""
import asyncio
import contextlib
import os
import time

import pytest

from conftest import SEED
from harness.client import together
from harness.shop import Shop
from history.device import Device
from history.faults import Faults
from history.judge import Judge
from history.people import Speaker
from history.trade import Trader
from history.world import CATEGORIES, Owner, World

FAULTS = int(os.environ.get("SEBEZ_TEST_FAULTS", "12"))
MESSAGES = int(os.environ.get("SEBEZ_TEST_MESSAGES", "2000"))
pytestmark = pytest.mark.plain
IS_FULL = MESSAGES > 10_000
CUSTOMERS, VENDORS, STAFF = (20, 6, 3) if IS_FULL else (6, 2, 3)
DEVICES = 3  # of a customer; of each of the staff one less
PAUSE_S = (0.3, 2.5) if IS_FULL else (0.2, 1.5)
ROLES = ("owner", "manager", "support")
KINDS = {  # that come in every run, however short
    "customer": {"conversation_opened", "message_sent", "message_edited", "message_deleted",
                 "message_reacted", "message_read"},
    "vendor": {"conversation_opened", "message_sent", "message_edited", "message_deleted",
               "message_reacted", "message_read", "conversation_assigned", "note_added"}}


def people_of(shop, world):
    """Vendors with their staff, and customers, each with an account."""
    shop.admin()
    vendors = together(VENDORS, lambda: shop.vendor())
    customers = together(CUSTOMERS, lambda: shop.customer())
    sellers, buyers = [], []
    for vendor in vendors:
        owner = Owner("vendor", vendor.id)
        for role in ROLES[:STAFF]:
            Speaker(world, owner, vendor.staff(role))
        sellers.append((vendor, owner))
    for customer in customers:
        owner = Owner("customer", customer.id)
        Speaker(world, owner, customer)
        buyers.append((customer, owner))
    world.owners = [owner for _, owner in sellers + buyers]
    return sellers, buyers


async def devices_of(world):
    for owner in world.owners:
        count = DEVICES if owner.side == "customer" else DEVICES - 1
        for person in owner.people:
            for n in range(count):
                await Device(person, f"{person.email} {n}").begin()


async def late_devices(world):
    """Devices that come while things happen begin with what is then."""
    dice = world.dice("late")
    while not world.over:
        await asyncio.sleep(dice.uniform(1, 4))
        person = dice.choice(world.people)
        if len(person.owner.devices) < 2 * DEVICES * len(person.owner.people):
            device = Device(person, f"{person.email} late {len(world.devices)}")
            await device.begin()
            yield device


async def act(world, faults):
    """Everybody lives until there were enough messages and faults."""
    async with asyncio.TaskGroup() as group:
        for each in world.people + world.devices:
            group.create_task(each.live())
        signing = [group.create_task(p.stay_signed_in()) for p in world.people]

        async def come_late():
            async for device in late_devices(world):
                group.create_task(device.live())

        group.create_task(come_late())
        breaking = group.create_task(faults.run())
        while world.acked < MESSAGES or not breaking.done():
            await asyncio.sleep(0.1)
        world.over = True
        for task in signing:
            task.cancel()


async def settle(world):
    """Every device to the end of its feed; marks of what is delivered may still come."""
    for _ in range(3):
        with contextlib.suppress(TimeoutError):
            await asyncio.gather(*(device.settle() for device in world.devices))
        await asyncio.sleep(1.5)
    for device in world.devices:
        if device.checks:
            device.wrong("lost", f"it came to {device.number}, not to {device.checks[-1][0]}")


async def history(server, shop, world):
    sellers, buyers = people_of(shop, world)
    await devices_of(world)
    for buyer, customer in buyers:
        for vendor, of_vendor in sellers:
            opened = buyer.do("openConversation", body={"vendor_id": vendor.id})
            world.open_talk(opened["id"], customer, of_vendor)
    trader = Trader(world, shop, sellers, buyers)
    trader.start()
    faults = Faults(world, server, FAULTS, PAUSE_S)
    begun = time.monotonic()
    await act(world, faults)
    took = time.monotonic() - begun
    trader.done.set()
    await asyncio.to_thread(trader.join)
    assert trader.wrong is None, trader.wrong
    await asyncio.to_thread(server.wait_ready)
    await settle(world)
    server.db.close()  # what it knew may have been killed
    judge = Judge(world)
    judge.judge_feeds(server.db)
    judge.judge_sent()
    await judge.judge_shown()
    return faults, trader, took


def report(world, faults, trader, took):
    kinds = {side: set().union(*(d.state.kinds for d in world.devices if d.owner.side == side))
             for side in KINDS}
    print(f"seed {world.seed}: {faults.total} faults {dict(faults.done)}, {world.acked} messages "
          f"in {took:.0f} s, {world.acked / took:.0f}/s; {world.lost} answers lost, "
          f"{world.again} sent again; {len(world.devices)} devices, "
          f"{sum(d.events for d in world.devices)} events, "
          f"{sum(d.compared for d in world.devices)} syncs compared; {trader.placed} orders; "
          f"{dict(world.did)}; kinds {sorted(set().union(*kinds.values()))}")
    print({category: len(world.wrong[category]) for category in CATEGORIES})
    return kinds


def test_whatever_dies_no_message_is_lost_reordered_repeated_or_miscounted(own_server):
    print(f"seed {SEED}")
    server = own_server(SEBEZ_LIMITS="no")
    world = World(server.port, SEED)
    kinds = report(world, *asyncio.run(history(server, Shop(server), world)))
    found = [f"{category}: {text}" for category in CATEGORIES
             for text in world.wrong[category][:3]]
    assert not found, "\n".join(found)
    assert server.db.check() == []
    assert all(KINDS[side] <= kinds[side] for side in KINDS), kinds
