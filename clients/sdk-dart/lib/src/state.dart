import 'dart:math';

import 'api.gen.dart';
import 'call.dart';

/// What is shown live. It is never changed: fold() gives the next one.
sealed class LiveState {
  const LiveState(this.cursor);
  final String cursor;

  LiveState at(String cursor);
}

/// What a customer's app shows live: open orders, and conversations, by id.
final class CustomerState extends LiveState {
  const CustomerState(super.cursor, this.orders, this.conversations);

  CustomerState.of(Sync sync)
      : this(sync.cursor, {for (final order in sync.orders) order.orderId: order},
            {for (final talk in sync.conversations) talk.conversationId: talk});

  final Map<String, OrderState> orders;
  final Map<String, ConversationState> conversations;

  @override
  CustomerState at(String cursor) => CustomerState(cursor, orders, conversations);
}

/// What a vendor's staff see live: open sub-orders, and conversations, by id.
final class VendorState extends LiveState {
  const VendorState(super.cursor, this.status, this.subOrders, this.conversations);

  VendorState.of(VendorSync sync)
      : this(sync.cursor, sync.status, {for (final part in sync.subOrders) part.id: part},
            {for (final talk in sync.conversations) talk.conversationId: talk});

  final VendorStatus status;
  final Map<String, SubOrderState> subOrders;
  final Map<String, VendorConversationState> conversations;

  @override
  VendorState at(String cursor) => VendorState(cursor, status, subOrders, conversations);
}

/// The state after an event. The state of a sync and all events after its cursor give the state of
/// a later sync. Kinds that no state shows, and those of the future, leave it as it is.
LiveState fold(LiveState state, Event event) => switch (state) {
      final CustomerState customer => _foldCustomer(customer, event),
      final VendorState vendor => _foldVendor(vendor, event),
    };

CustomerState _foldCustomer(CustomerState state, Event event) {
  CustomerState orders(Map<String, OrderState> changed) =>
      CustomerState(state.cursor, {...state.orders, ...changed}, state.conversations);
  switch (event) {
    case OrderPlacedHappened(:final payload):
      final json = <String, Object?>{...payload as Json, 'paid': false};
      return orders({payload.orderId: json as OrderState});
    case SubOrderChangedHappened(:final payload):
      final order = state.orders[payload.orderId];
      if (order == null) return state;
      final parts = [
        for (final part in order.subOrders)
          if (part.id != payload.id) part,
        _partOf(payload),
      ]..sort((a, b) => a.number.compareTo(b.number));
      return orders({order.orderId: _with(order as Json, {'sub_orders': parts}) as OrderState});
    case PaymentReceivedHappened(:final payload):
      final order = state.orders[payload.orderId];
      if (order == null) return state;
      return orders({order.orderId: _with(order as Json, {'paid': true}) as OrderState});
    default:
      final talks = _foldTalks(state.conversations as Map<String, Json>, event, 'customer');
      return CustomerState(
          state.cursor, state.orders, talks as Map<String, ConversationState>);
  }
}

VendorState _foldVendor(VendorState state, Event event) {
  switch (event) {
    case SubOrderChangedHappened(:final payload):
      return VendorState(state.cursor, state.status,
          {...state.subOrders, payload.id: _partOf(payload)}, state.conversations);
    case VendorStatusChangedHappened(:final payload):
      return VendorState(state.cursor, payload.status, state.subOrders, state.conversations);
    default:
      final talks = _foldTalks(state.conversations as Map<String, Json>, event, 'vendor');
      return VendorState(state.cursor, state.status, state.subOrders,
          talks as Map<String, VendorConversationState>);
  }
}

Json _with(Json json, Json changes) => {...json, ...changes};

SubOrderState _partOf(SubOrderState part) {
  const kept = ['id', 'order_id', 'vendor_id', 'number', 'status', 'cancelled_total', 'version'];
  final json = part as Json;
  return <String, Object?>{for (final name in kept) name: json[name]} as SubOrderState;
}

/// Messages that a side has not written are unread to it until it reads them.
bool _isUnread(String side, Object? author) => (side == 'customer') != (author == 'customer');

Map<String, Json> _foldTalks(Map<String, Json> talks, Event event, String side) {
  final payload = event.json['payload'];
  if (payload is! Json) return talks;
  if (event is BlockChangedHappened) return _block(talks, payload);
  final id = payload['conversation_id'];
  if (id is! String) return talks;
  if (event is ConversationOpenedHappened) return {...talks, id: _opened(payload, side)};
  if (event is ConversationForgottenHappened) return {...talks}..remove(id);
  final talk = talks[id];
  if (talk == null) return talks; // closed before the state was read, for example
  final changes = _changes(talk, event, payload, side);
  return changes == null ? talks : {...talks, id: _with(talk, changes)};
}

Map<String, Json> _block(Map<String, Json> talks, Json payload) => talks.map((id, talk) {
      final isConcerned = talk.containsKey('vendor_id')
          ? talk['vendor_id'] == payload['vendor_id']
          : (talk['customer'] as Json)['id'] == payload['customer_id'];
      if (!isConcerned) return MapEntry(id, talk);
      final blocked = _with(talk['blocked'] as Json, {'${payload['side']}': payload['blocked']});
      return MapEntry(id, _with(talk, {'blocked': blocked}));
    });

Json _opened(Json payload, String side) => {
      ...payload,
      'status': 'open',
      'last_seq': 0,
      'unread': 0,
      'last_message': null,
      'read': {'customer': 0, 'vendor': 0},
      'delivered': {'customer': 0, 'vendor': 0},
      if (side == 'vendor') 'staff_id': null,
    };

Json _mark(Json talk, String mark, Json payload) {
  final marks = talk[mark] as Json;
  final side = payload['side'] as String;
  return {mark: _with(marks, {side: max(payload['seq'] as int, marks[side] as int)})};
}

/// What an event of one conversation changes; null for nothing.
Json? _changes(Json talk, Event event, Json payload, String side) {
  final last = talk['last_message'] as Json?;
  final isLast = last != null && last['seq'] == payload['seq'];
  switch (event) {
    case MessageSentHappened():
      if ((payload['seq'] as int) <= (talk['last_seq'] as int)) return null;
      const shown = ['seq', 'author', 'kind', 'text', 'created_at', 'deleted_at'];
      return {
        'last_seq': payload['seq'],
        'unread': (talk['unread'] as int) + (_isUnread(side, payload['author']) ? 1 : 0),
        'last_message': <String, Object?>{for (final name in shown) name: payload[name]},
      };
    case MessageEditedHappened():
      return isLast ? {'last_message': _with(last, {'text': payload['text']})} : null;
    case MessageDeletedHappened():
      final read = (talk['read'] as Json)[side] as int;
      final wasUnread = _isUnread(side, payload['author']) && (payload['seq'] as int) > read;
      return {
        'unread': (talk['unread'] as int) - (wasUnread ? 1 : 0),
        if (isLast)
          'last_message': _with(last, {'text': '', 'deleted_at': payload['deleted_at']}),
      };
    case MessageDeliveredHappened():
      return _mark(talk, 'delivered', payload);
    case MessageReadHappened():
      return {
        ..._mark(talk, 'read', payload),
        ..._mark(talk, 'delivered', payload),
        if (payload['side'] == side) 'unread': payload['unread'],
      };
    case ConversationClosedHappened():
      return {'status': 'closed'};
    case ConversationReopenedHappened():
      return {'status': 'open'};
    case ConversationAssignedHappened():
      return {'staff_id': payload['staff_id']};
    case CustomerErasedHappened():
      return {'customer': payload['customer']};
    default:
      return null;
  }
}
