"""The judge of histories of push messages notices what is wrong: each test spoils a small history
that is right."""
import uuid

import pytest
from history.push_book import CATEGORIES, Ban, Book, Deed, Sent, Stay, message_id, read_log
from history.push_judge import Judge
from history.world import World

NOTICE, OTHER, DEVICE = (str(uuid.UUID(int=n)) for n in (1, 2, 3))
COLLAPSE = ("group", "group")


def line(what, at, **more):
    return {"what": what, "at": at, "notice": NOTICE, "device": DEVICE, "account": "ada",
            "kind": "sub_order_accepted", "class": "orders", "talk": None, "about": "/orders/1",
            "waits": False, **more}


class Small:
    """Ada has a phone; an order is accepted, and its message is sent twice, since an answer was
    lost. Then she signs out."""

    def __init__(self):
        self.book = Book()
        self.book.stays = [Stay("ada", DEVICE, "her phone", 1, 2)]
        self.book.deeds = [Deed("ada", "sub_order_accepted", "orders", None, "/orders/1", 10, 11)]
        self.book.bans = [Ban("ada", "device", DEVICE, 40, 41)]
        self.log = [line("notice", 12), line("row", 12), line("lease", 13), line("settled", 15),
                    line("lease", 20), line("gone", 22)]
        self.id = message_id(NOTICE, DEVICE)
        self.sent = [Sent(self.id, "her phone", 14, None, COLLAPSE),
                     Sent(self.id, "her phone", 21, 200, COLLAPSE)]
        self.dead = {}

    def found(self):
        world = World(0, 1, CATEGORIES)
        Judge(world, self.book, *read_log(self.log), self.sent, self.dead).judge()
        return {category for category in CATEGORIES if world.wrong[category]}


def ban(kind, value, asked, acked, **more):
    def change(small):
        small.book.bans.append(Ban("ada", kind, value, asked, acked, **more))
    return change


def lose(small):
    small.sent[1].status = None


def make_it_a_dead_letter(small):
    lose(small)
    small.dead = {(NOTICE, DEVICE): "BadPriority"}


def say_that_nobody_is_there(small):
    small.sent[1].status = 410


def say_so_just_before(small):
    """The row was there already when the device was removed for what an earlier one was told."""
    small.sent = [Sent(message_id(OTHER, DEVICE), "her phone", 11, 410, COLLAPSE)]
    small.log += [line("notice", 5, notice=OTHER, about="/orders/2"), line("row", 5, notice=OTHER),
                  line("lease", 6, notice=OTHER), line("gone", 12, notice=OTHER)]


def sign_out_before_it_is_sent_again(small):
    small.book.bans[0] = Ban("ada", "device", DEVICE, 16, 17)


def sign_out_and_in_again(small):
    small.book.bans[0] = Ban("ada", "device", DEVICE, 3, 4, undone=5)
    small.book.stays.append(Stay("ada", DEVICE, "her phone", 5, 6))


def let_the_sender_die(small):
    """What was sent before it died may arrive when its row is leased again."""
    small.log.remove(line("settled", 15))
    sign_out_before_it_is_sent_again(small)


def leave_the_row_out(small):
    small.log = small.log[:1]
    small.sent = []


def leave_all_out(small):
    small.log = small.sent = []


def register_too_late(small):
    small.log, small.sent = small.log[:1], []
    small.book.stays[0].acked = 10.5


def give_no_reason(small):
    make_it_a_dead_letter(small)
    small.dead = {(NOTICE, DEVICE): ""}


def do_not_replace(small):
    small.sent[1].collapse = ("another", "another")


def have_nothing_to_replace_by(small):
    small.sent[0].collapse = small.sent[1].collapse = (None, "group")


def show_it_by_another_id(small):
    small.log += [line("row", 12, device=OTHER), line("lease", 13, device=OTHER)]
    small.sent.append(Sent(message_id(NOTICE, OTHER), "her phone", 14, 200, COLLAPSE))


def send_what_is_of_no_row(small):
    small.sent.append(Sent(message_id(OTHER, DEVICE), "her phone", 14, 200, COLLAPSE))


@pytest.mark.parametrize("change", [
    lambda small: None, make_it_a_dead_letter, say_that_nobody_is_there, say_so_just_before,
    sign_out_and_in_again,
    let_the_sender_die, register_too_late,
    ban("class", "chat", 3, 4), ban("class", "orders", 3, 4, undone=5),
    ban("class", "orders", 19, 21), ban("address", "her former phone", 3, 4),
    ban("address", "her phone", 3, 4, undone=5), ban("talk", "a talk", 3, 4)])
def test_a_history_that_is_right_is_found_right(change):
    small = Small()
    change(small)
    assert small.found() == set()


@pytest.mark.parametrize("spoil, category", [
    (lose, "lost"), (leave_the_row_out, "lost"), (leave_all_out, "lost"), (give_no_reason, "lost"),
    (do_not_replace, "shown twice"), (have_nothing_to_replace_by, "shown twice"),
    (show_it_by_another_id, "shown twice"),
    (sign_out_before_it_is_sent_again, "told who was not to be told"),
    (send_what_is_of_no_row, "told who was not to be told"),
    (ban("class", "orders", 16, 17), "told who was not to be told"),
    (ban("account", "", 16, 17), "told who was not to be told"),
    (ban("address", "her phone", 16, 17), "told who was not to be told")])
def test_what_is_spoilt_is_found(spoil, category):
    small = Small()
    spoil(small)
    assert category in small.found()
