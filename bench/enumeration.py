#!/usr/bin/python3
"""Whether times tell who has an account: TRIES each way of registering, signing in, asking for a
new password or a link by mail, and beginning with a passkey, for addresses with an account and
without, in turn.

    bench/enumeration.py [TRIES [WAY...]]       10000 of all; most of the hour is hashing passwords

Prints the medians, their difference, and the noise: by how much the medians of two halves of equal
tries differ, the most of 200 random halvings. A difference below the noise tells nothing."""
import pathlib
import random
import statistics
import sys
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/wire"))

from harness.server import Server  # noqa: E402
from harness.shop import Shop  # noqa: E402

HALVINGS = 200
PASSWORD = "correct horse battery"
PEOPLE = """insert into account (id, email, email_key, name, password_hash)
select gen_random_uuid(), 'has' || n || '@example.com', 'has' || n || '@example.com', 'Has',
       (select password_hash from account where email = %s) from generate_series(1, %s) n"""
WAYS = {
    "register": ("/v1/auth/register", {"password": PASSWORD, "name": "Ada"}, 202),
    "sign in": ("/v1/auth/login", {"password": "another horse battery"}, 401),
    "reset": ("/v1/auth/password/reset-requests", {}, 202),
    "link": ("/v1/auth/email/codes", {}, 202),
    "passkey": ("/v1/auth/passkey/options", {}, 200),
}


def medians_apart(one, other):
    return abs(statistics.median(one) - statistics.median(other))


def noise(times):
    apart = []
    for _ in range(HALVINGS):
        random.shuffle(times)
        apart.append(medians_apart(times[::2], times[1::2]))
    return max(apart)


def measure(session, server, way, tries):
    path, more, status = WAYS[way]
    times = {"has": [], "hasnot": []}
    for number in range(1, tries + 1):
        for who in random.sample(list(times), 2):
            body = {"email": f"{who}{number}@example.com", **more}
            began = time.perf_counter()
            answer = session.post(server.url + path, json=body, timeout=60)
            times[who].append(1000 * (time.perf_counter() - began))
            assert answer.status_code == status, answer.text
    return times


def main():
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    server = Server(SEBEZ_LIMITS="no", SEBEZ_PROCESSES="1")
    server.start()
    told = []
    try:
        person = Shop(server).customer()
        server.db.rows(PEOPLE, person.account["email"], tries)
        session = requests.Session()
        session.trust_env = False
        print("| way | with an account | without | difference | noise |\n|---|---|---|---|---|")
        for way in sys.argv[2:] or WAYS:
            times = measure(session, server, way, tries)
            apart = medians_apart(*times.values())
            limit = noise(times["has"] + times["hasnot"])
            told += [way] if apart > limit else []
            print(f"| {way} | {statistics.median(times['has']):.3f} ms | "
                  f"{statistics.median(times['hasnot']):.3f} ms | {apart:.3f} ms | "
                  f"{limit:.3f} ms |", flush=True)
    finally:
        server.stop()
    if told:
        raise SystemExit(f"times tell who has an account: {', '.join(told)}")


if __name__ == "__main__":
    main()
