"""Everything that a server is made of dies, hangs, is emptied or replaced, in an order that a seed
gives. What dies comes back by the server's own doing; what hangs is let go on."""
import asyncio
import collections
import contextlib
import os
import pathlib
import signal

import redis

WHO = {"api": ("sebez api",), "jobs": ("sebez jobs",), "redis": ("redis-server", "valkey-server"),
       "postgres": ("postgres",)}
FAULTS = ("kill api", "kill jobs", "kill redis", "kill postgres", "kill a backend", "stop api",
          "stop jobs", "stop redis", "stop postgres", "stop a backend", "flush", "reload")
STOPPED_MOST_S = 2.5


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class Faults:
    def __init__(self, world, server, count, pause_s, kinds=FAULTS):
        self.world = world
        self.server = server
        self.count = count
        self.pause_s = pause_s
        self.kinds = kinds
        self.dice = world.dice("faults")
        self.done = collections.Counter()
        self.meanwhile = []

    @property
    def total(self):
        return sum(self.done.values())

    async def run(self):
        bag = []
        while self.total < self.count:
            if not bag:
                bag = list(self.kinds)  # each once, before one comes again
                self.dice.shuffle(bag)
            await asyncio.sleep(self.dice.uniform(*self.pause_s))
            fault = asyncio.create_task(self.fault(bag.pop()))
            if self.dice.random() < 0.7:
                await fault
            else:
                self.meanwhile.append(fault)  # while it hangs, something else dies
        await asyncio.gather(*self.meanwhile)

    async def fault(self, name):
        what, _, whom = name.partition(" ")
        if what == "flush":
            with contextlib.suppress(redis.RedisError, OSError, ValueError):
                await asyncio.to_thread(self._flush)
                self.done[name] += 1
        elif what == "reload":
            self.server.process.send_signal(signal.SIGHUP)
            self.done[name] += 1
        else:
            pid = await asyncio.to_thread(self.victim, whom)
            if pid is not None and (self._kill(pid) if what == "kill" else await self._stop(pid)):
                self.done[name] += 1

    def victim(self, whom):
        """Somebody of that kind who lives; None when there is nobody now."""
        words = WHO["postgres" if whom == "a backend" else whom]
        found = [(pid, command(pid)) for pid in self.server.family()]
        found = [pid for pid, line in sorted(found) if any(word in line for word in words)
                 and (words != WHO["postgres"] or ("-D" in line) == (whom == "postgres"))]
        return self.dice.choice(found) if found else None

    def _flush(self):
        client = self.server.redis()
        client.connection_pool.connection_kwargs["socket_timeout"] = 1
        client.flushall()
        client.close()

    def _kill(self, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True

    async def _stop(self, pid):
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
        try:
            await asyncio.sleep(self.dice.uniform(0.1, STOPPED_MOST_S))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return True
