import 'api.gen.dart';
import 'client.dart';
import 'outlet.dart';
import 'problem.dart';
import 'time.dart';

/// What a feed gives. Keep the last cursor that is not null, and start from it next time.
sealed class FeedItem {
  const FeedItem();
}

final class FeedEvent extends FeedItem {
  const FeedEvent(this.event, this.cursor);
  final Event event;
  final String? cursor;
}

/// Somebody is writing, for example; it may be lost.
final class FeedPassing extends FeedItem {
  const FeedPassing(this.event);
  final PassingEvent event;
}

/// Events between are not known any more: read the state anew.
final class FeedResync extends FeedItem {
  const FeedResync(this.cursor);
  final String cursor;
}

/// How long the server may wait for an event; proxies often end requests after a minute.
const _waitSeconds = 25;

/// Everything that happens, in order and without gaps, until nobody listens. Losing the network
/// pauses it; a session that has ended ends it with the problem. An event counts as received by this
/// device when the next one is asked for.
Stream<FeedItem> feed(Sebez client, {String? vendorId, String? after}) =>
    streamOf((outlet) => poll(client, vendorId, after, () => outlet.isOpen, outlet.emit));

/// Calls until there is an answer, or until none is wanted: then null. Throws what no repetition can mend.
Future<T?> untilAnswered<T>(Future<T> Function() call, bool Function() isWanted) async {
  for (var failures = 1; isWanted(); failures++) {
    try {
      return await call();
    } on SebezProblem catch (problem) {
      if (problem.status < 500 && problem.status != 429) rethrow;
    } on NoAnswer {
      // Once more.
    }
    await Future<void>.delayed(backOff(failures));
  }
  return null;
}

/// Polls as long as it is wanted.
Future<void> poll(Sebez client, String? vendorId, String? after, bool Function() isWanted,
    Future<void> Function(FeedItem item) emit) async {
  while (isWanted()) {
    final page = await untilAnswered<EventPage>(
        () => vendorId == null
            ? client.getEvents(after: after, wait: _waitSeconds)
            : client.getVendorEvents(vendorId: vendorId, after: after, wait: _waitSeconds),
        isWanted);
    if (page == null) return;
    after = page.cursor;
    for (final item in _itemsOf(page)) {
      if (!isWanted()) return;
      await emit(item);
    }
    if (page.nextPollMs > 0) await Future<void>.delayed(Duration(milliseconds: page.nextPollMs));
  }
}

Iterable<FeedItem> _itemsOf(EventPage page) sync* {
  if (page.resync) yield FeedResync(page.cursor);
  final items = page.items;
  for (final (index, event) in items.indexed)
    yield FeedEvent(event, index + 1 == items.length ? page.cursor : null);
  for (final event in page.passing) yield FeedPassing(event);
}
