"""Orders and messages against another commit (BENCH_AGAINST), whose server is built and seeded from
its own sources. Both servers run all the time and are loaded in turn; the ratio is of each turn."""
import contextlib
import os
import shutil
import subprocess

import checkout
import feed
import feed_send
from place import BUILD, CUSTOMERS, ROOT, Server, Tree, copy_of, say, seeded
from turns import in_turn

COMMIT = os.environ.get("BENCH_AGAINST")
PEOPLE = min(CUSTOMERS, 4000)  # customers who wait; as many more do not


def built():
    """The other commit, built in a folder of the build folder."""
    done = subprocess.run(["git", "rev-parse", "--verify", "--short=10", f"{COMMIT}^{{commit}}"],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"BENCH_AGAINST names the commit to compare with: {done.stderr.strip()}")
    root = BUILD.resolve() / "against" / done.stdout.strip()
    tree = Tree(root, root / "build")
    if (tree.build / "sebez").exists():
        return tree
    say(f"building {COMMIT} in {root}")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", done.stdout.strip()], cwd=ROOT, check=True,
                             stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x"], cwd=root, input=archive.stdout, check=True)
    subprocess.run(["meson", "setup", "build"], cwd=root, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["ninja", "--quiet", "-C", "build", "sebez"], cwd=root, check=True)
    return tree


def orders(folder, products, hot=False):
    tree = built()
    templates = seeded(folder, products), seeded(folder, products, tree=tree)
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(Server(copy_of(templates[0], "run"))),
            stack.enter_context(Server(copy_of(templates[1], "run-against"), tree=tree))]
        return {"against": COMMIT,
                **in_turn([checkout.side(server, products, hot) for server in servers])}


def one_variant(folder, products):
    return orders(folder, products, hot=True)


def messages(folder):
    """Customers send; their other devices wait, and the staff of their vendors."""
    tree = built()
    with contextlib.ExitStack() as stack:
        sides = []
        for one in ({}, {"tree": tree}):
            server = stack.enter_context(feed.fresh(folder, **one))
            crowd = feed_send.crowd(server, PEOPLE)
            clients = stack.enter_context(feed.Clients(server.port, crowd.lines, ramp=1000))
            clients.wait_parked()
            sides.append((server, clients, crowd.targets))

        def side(server, clients, targets):
            def act(connections):
                sent, seconds = feed_send.send(server.port, targets, connections)
                feed_send.delivered(clients, sent, 2)
                return {"rate": len(sent) / seconds, **feed_send.latency_of(sent)}
            return act

        return {"against": COMMIT, "parked": len(crowd.lines),
                **in_turn([side(*one) for one in sides])}
