"""PostgreSQL's machine fails, and a standby takes over, while orders are under way."""
import signal

import pytest

from conftest import serving
from harness.pair import BIN, pair
from harness.persistent import Buyer, Writer, more, stop
from harness.shop import Shop
from harness.wait import until

pytestmark = [pytest.mark.plain, pytest.mark.skipif(not BIN, reason="PostgreSQL is not installed")]


@pytest.fixture(scope="module")
def both():
    with pair() as both:
        yield both


def test_nothing_acknowledged_is_lost_or_doubled_when_a_standby_takes_over(both):
    """First the primary's machine stands still: it still takes connections, and answers nothing.
    When it goes on, it believes to be the primary still. Then the one that took over loses its
    power, and the first takes over from it."""
    # Statements may take longer than anybody waits: so it is not they that end the wait.
    with serving(SEBEZ_SECRET="04" * 32, DATABASE_URL=both.url, SEBEZ_LIMITS="no",
                 SEBEZ_STATEMENT_TIMEOUT_MS=60000) as server:
        server._db = both.primary.db
        shop = Shop(server)
        vendor = shop.vendor()
        goods = [vendor.product(stock=100_000), shop.product(stock=100_000)]
        people = [Buyer(shop, *goods), Buyer(shop, *goods), Writer(shop, vendor)]
        for one in people:
            one.start()
        until(more(people))

        both.primary.signal(signal.SIGSTOP)
        both.fail_over()
        until(more(people))
        both.standby.signal(signal.SIGCONT)
        until(more(people, 10))

        both.rejoin()
        until(more(people))
        both.primary.kill()
        both.fail_over()
        until(more(people))

        stop(people)
        server._db = both.primary.db
        both.rejoin()  # or the server's own writes at its end would wait for it
        assert [lack for one in people for lack in one.lacks(server.db)] == []
        assert [text for one in people for text in one.left_waiting()] == []
        assert {code for one in people for _, code in one.troubles} <= {"unavailable"}
