// Against a real server: dart --enable-asserts sdk_test.dart WORLD.json (tests/wire/test_sdk_dart.py).
import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import '../lib/sebez.dart';

late final Json world;

String of(String name) => world[name]! as String;

void expect(bool holds, String what) {
  if (!holds) throw StateError(what);
}

/// A network that loses what `loses` names: the answer, or with `before` the request.
final class Network implements Transport {
  Network(this.loses);
  final bool Function(String method, Uri url) loses;
  final _real = Transport();
  final sent = <String>[];

  @override
  Future<({int status, Map<String, String> headers, String text})> send(String method, Uri url,
      Map<String, String> headers, Uint8List? body, Duration limit) async {
    sent.add('$method ${url.path}');
    final answer = await _real.send(method, url, headers, body, limit);
    if (loses(method, url)) throw const SocketException('the network is gone');
    return answer;
  }
}

Future<Sebez> signedIn(String who,
    {Transport? transport, SessionStore? store, void Function()? onSignedOut}) async {
  final sebez = Sebez(
      url: of('url'), transport: transport, store: store, onSignedOut: onSignedOut);
  final answer = await sebez.login(email: of(who), password: of('password'));
  expect(answer.signedIn != null, 'no second factor is asked for');
  return sebez;
}

AddressInput address() => world['address']! as AddressInput;

Future<Order> order(Sebez sebez, {CallOptions? how}) async {
  await sebez.putCartLine(variantId: of('variant_id'), quantity: 1);
  final quote = await sebez.quoteCart(shippingAddress: address());
  return sebez.placeOrder(
    quoteTotal: QuoteTotalInput(amount: quote.total.amount, currency: quote.total.currency),
    shippingAddress: address(),
    payment: PaymentInput(method: PaymentMethod.cashOnDelivery),
    callOptions: how,
  );
}

Future<void> anOrderWhoseAnswerIsLostIsPlacedOnce() async {
  var lost = 0;
  final network = Network(
      (method, url) => method == 'POST' && url.path == '/v1/orders' && lost++ < 2);
  final sebez = await signedIn('customer', transport: network);
  final before = await sebez.listOrdersAll(limit: 2).length;
  final placed = await order(sebez);
  expect(network.sent.where((line) => line == 'POST /v1/orders').length == 3, 'sent three times');
  expect(await sebez.listOrdersAll(limit: 2).length == before + 1, 'one order more');
  expect((await sebez.getOrder(orderId: placed.id)).number == placed.number, 'it is there');
}

Future<void> manyCallsWithAnOldTokenRefreshItOnce() async {
  final store = MemoryStore();
  await signedIn('customer', store: store);
  final kept = (await store.load())!;
  await store.save(Saved(accessToken: 'at1_old', refreshToken: kept.refreshToken));
  final network = Network((method, url) => false);
  final sebez = Sebez(url: of('url'), store: store, transport: network);
  final all = await Future.wait([for (var i = 0; i < 10; i++) sebez.getMe()]);
  expect(all.map((me) => me.id).toSet().length == 1, 'all are answered');
  expect(network.sent.where((line) => line.endsWith('/refresh')).length == 1, 'refreshed once');
}

Future<void> aSessionThatWasEndedElsewhereIsTold() async {
  var told = 0;
  final sebez = await signedIn('customer', onSignedOut: () => told++);
  await sebez.endSession(sessionId: (await sebez.listMySessions()).items.first.id);
  await sebez.getMe().then((_) => expect(false, 'refused'), onError: (Object error) {
    expect(error is SebezProblem && error.status == 401, '$error');
  });
  expect(told == 1 && !await sebez.isSignedIn(), 'told once');
}

Future<void> aProblemHasItsCodeAndWhatIsWrongByField() async {
  final sebez = await signedIn('customer');
  try {
    await sebez.createAddress(name: '', line1: 'x', city: 'London', country: 'XX');
    expect(false, 'refused');
  } on SebezProblem catch (problem) {
    expect(problem.code == ProblemCode.invalidInput, problem.code);
    expect(problem.of('/name') != null && problem.of('/city') == null, '${problem.errors}');
  }
}

Future<void> theStateWithAllEventsIsTheStateThatTheServerHas() async {
  final sebez = await signedIn('customer');
  LiveState? latest;
  final kinds = <String>{};
  final listening = live(sebez).listen((change) {
    latest = change.state;
    if (change.event case final Event event) kinds.add(event.kind);
  });
  await order(sebez);
  final talk = await sebez.openConversation(vendorId: of('vendor_id'));
  await sebez.sendMessage(conversationId: talk.id, clientId: freshKey(), text: 'When?');
  for (var agrees = false; !agrees;) {
    await Future<void>.delayed(const Duration(milliseconds: 100));
    final fresh = CustomerState.of(await sebez.getSync());
    if (latest case final CustomerState mine)
      agrees = jsonEncode(sorted(mine)) == jsonEncode(sorted(fresh));
  }
  expect(kinds.containsAll(['order_placed', 'message_sent']), '$kinds');
  await listening.cancel();
}

Object sorted(CustomerState state) => [
      for (final items in [state.orders, state.conversations])
        [for (final id in items.keys.toList()..sort()) canonical(items[id])]
    ];

/// The same for the same, whatever the order of members.
Object? canonical(Object? value) => switch (value) {
      final Map<String, Object?> map => [
          for (final key in map.keys.toList()..sort()) [key, canonical(map[key])]
        ],
      final List<Object?> list => list.map(canonical).toList(),
      _ => value,
    };

Future<void> aPictureIsSentAndCanBeUsed() async {
  final sebez = await signedIn('customer');
  final made = await upload(sebez, base64.decode(of('png')),
      purpose: UploadPurpose.avatar, contentType: 'image/png');
  expect(made.state == UploadState.ready, '${made.failure?.message}');
  final me = await sebez.updateMe(avatar: Value(UploadedImageInput(uploadId: made.id)));
  expect(me.avatar?.id == made.id, 'it is the avatar');
  final none = await sebez.updateMe(avatar: const Value(null));
  expect(none.avatar == null, 'it is gone');
}

String describe(Event event) => switch (event) {
      MessageSentHappened(:final payload) => payload.text,
      SubOrderChangedHappened(:final payload) => payload.status,
      _ => event.kind,
    };

Future<void> main(List<String> arguments) async {
  world = jsonDecode(File(arguments.single).readAsStringSync()) as Json;
  final tests = {
    'an order whose answer is lost is placed once': anOrderWhoseAnswerIsLostIsPlacedOnce,
    'many calls with an old token refresh it once': manyCallsWithAnOldTokenRefreshItOnce,
    'a session that was ended elsewhere is told': aSessionThatWasEndedElsewhereIsTold,
    'a problem has its code, and what is wrong by field': aProblemHasItsCodeAndWhatIsWrongByField,
    'the state with all events is what the server has':
        theStateWithAllEventsIsTheStateThatTheServerHas,
    'a picture is sent and can be used': aPictureIsSentAndCanBeUsed,
  };
  for (final MapEntry(:key, :value) in tests.entries) {
    await value();
    print('ok $key');
  }
  exit(0);
}
