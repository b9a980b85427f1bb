import 'api.gen.dart';
import 'client.dart';
import 'feed.dart';
import 'outlet.dart';
import 'state.dart';

/// The state, and the event that made it; null for a state that was read anew.
typedef Change = ({LiveState state, Event? event, PassingEvent? passing});

/// The state of a customer or a vendor, now and after each event, until nobody listens. When events
/// have been missed for too long the state is read anew. Losing the network pauses it.
Stream<Change> live(Sebez client, {String? vendorId}) => streamOf((outlet) async {
      while (outlet.isOpen) {
        final read = await untilAnswered<LiveState>(
            () async => vendorId == null
                ? CustomerState.of(await client.getSync())
                : VendorState.of(await client.getVendorSync(vendorId: vendorId)),
            () => outlet.isOpen);
        if (read == null) return;
        var state = read;
        var isKnown = true;
        await outlet.emit((state: state, event: null, passing: null));
        await poll(client, vendorId, state.cursor, () => outlet.isOpen && isKnown, (item) async {
          switch (item) {
            case FeedResync():
              isKnown = false;
            case FeedPassing(:final event):
              await outlet.emit((state: state, event: null, passing: event));
            case FeedEvent(:final event, :final cursor):
              state = fold(state, event);
              if (cursor != null) state = state.at(cursor);
              await outlet.emit((state: state, event: event, passing: null));
          }
        });
      }
    });
