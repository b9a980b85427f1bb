"""The verdict on a history of push messages."""
import collections
import math

from .push_book import message_id


class Judge:
    def __init__(self, world, book, notices, rows, sent, dead):
        """notices, rows: of read_log(); sent: list of Sent; dead: {(notice, device): reason}."""
        self.world, self.book, self.notices, self.rows = world, book, notices, rows
        self.sent, self.dead = sent, dead
        self.bans = collections.defaultdict(list)
        for ban in book.bans:
            self.bans[ban.account].append(ban)
        self.by_id = {message_id(*key): row for key, row in rows.items()}
        self.of_id = {}
        for each in sent:
            self.of_id.setdefault(each.id, []).append(each)
        # The device goes with its address, so what it was to be told is not owed any more.
        self.gone = collections.defaultdict(list)
        for each in sent:
            if each.status in (404, 410) and each.id in self.by_id:
                row = self.by_id[each.id]
                self.gone[self.notices[row.notice].account, row.device].append(each.at)

    def judge(self):
        self.judge_deeds()
        self.judge_rows()
        for each in self.sent:
            self.judge_sent(each)
        self.judge_repeats()

    def wrong(self, category, text):
        self.world.is_wrong(category, str(text)[:2000])

    # -- what is owed ---------------------------------------------------------------------------

    def bans_of(self, notice, device, address=None):
        wanted = {("account", ""), ("class", notice.klass), ("talk", notice.talk),
                  ("device", device), ("address", address)}
        return [ban for ban in self.bans[notice.account] if (ban.kind, ban.value) in wanted]

    def is_excused(self, notice, device, since, until):
        """Whether the device may not have been told at some moment of that time."""
        return any(ban.may_hold(since, until) for ban in self.bans_of(notice, device)) \
            or self.was_taken_away(notice.account, device, since, until)

    def was_taken_away(self, account, device, since, until):
        """By a provider that has said that nobody is there: then, or since it was registered."""
        begun = max((stay.asked for stay in self.book.stays if stay.asked <= until
                     and (stay.account, stay.device) == (account, device)), default=since)
        return any(min(since, begun) <= at <= until for at in self.gone[account, device])

    def judge_deeds(self):
        """Of what was acknowledged there is a notice, and a row for each device that was there."""
        found = {(n.account, n.kind, n.about): (id, n) for id, n in self.notices.items()}
        for deed in self.book.deeds:
            if deed.acked == math.inf:
                continue
            id, notice = found.get((deed.account, deed.kind, deed.about), (None, None))
            if notice is None:
                if self.owes_notice(deed):
                    self.wrong("lost", f"no notice of {deed}")
                continue
            for device in self.devices_at(deed, notice.told_at):
                if (id, device) not in self.rows:
                    self.wrong("lost", f"nothing was to be sent to {device} of {deed}, {notice}")

    def devices_at(self, deed, until):
        """Those that were registered from the deed until then, and wanted it."""
        latest = {}
        for stay in self.book.stays:
            if stay.account == deed.account and stay.asked < deed.asked:
                latest[stay.device] = stay
        return {device for device, stay in latest.items() if stay.acked < deed.asked
                and not self.is_excused(deed, device, deed.asked, until)}

    def owes_notice(self, deed):
        """Not to who is gone. What is only pushed has one only where there is a device."""
        if deed.klass == "chat":
            return bool(self.devices_at(deed, math.inf))
        return not any(ban.kind == "account" for ban in self.bans[deed.account])

    def judge_rows(self):
        """Each was acknowledged by its provider, or is a dead letter with a reason."""
        for key, row in self.rows.items():
            acked = any(each.status in (200, 201)
                        for each in self.of_id.get(message_id(*key), ()))
            notice = self.notices[row.notice]
            if key in self.dead:
                if not self.dead[key]:
                    self.wrong("lost", f"a dead letter without a reason: {row}")
            elif not acked and not self.is_excused(notice, row.device, row.at, row.gone_at):
                self.wrong("lost", f"never sent: {row} of {notice}")

    # -- what is not to be ------------------------------------------------------------------------

    def judge_sent(self, sent):
        row = self.by_id.get(sent.id)
        if row is None:
            self.wrong("told who was not to be told", f"{sent} is of no row")
            return
        notice, leased = self.notices[row.notice], row.leased_for(sent.at)
        for ban in self.bans_of(notice, row.device, sent.address):
            if ban.acked < leased and ban.undone > sent.at:
                self.wrong("told who was not to be told",
                           f"{sent}, leased at {leased}, of {row}, {notice}: {ban}")

    def judge_repeats(self):
        """A phone shows a notice once: what comes again has the id and replaces it."""
        ids = collections.defaultdict(set)
        for id, all_sent in self.of_id.items():
            if len({each.collapse for each in all_sent}) > 1 or not all(all_sent[0].collapse):
                self.wrong("shown twice", f"{[each.collapse for each in all_sent]} of {id}")
            if id in self.by_id:
                for each in all_sent:
                    ids[self.by_id[id].notice, each.address].add(id)
        for key, found in ids.items():
            if len(found) > 1:
                self.wrong("shown twice", f"{key}: {found}")
