import 'dart:convert';
import 'dart:typed_data';

import 'api.gen.dart';
import 'call.dart';
import 'problem.dart';
import 'session.dart';
import 'time.dart';
import 'transport.dart';

export 'time.dart' show freshKey;

/// A refresh that is repeated within 30 seconds gets the same tokens; later it ends the session.
const _refreshPath = '/v1/auth/refresh';
const _refreshAttempt = Duration(seconds: 7);
const _refreshAttempts = 3;

/// What the server wants to be asked later than this is told to the caller at once.
const _waitMax = Duration(seconds: 30);

/// The client of one server for one account. Every operation of the contract is a method.
class Sebez with Api {
  Sebez({
    required String url,
    SessionStore? store,
    Transport? transport,
    this.language,
    this.onSignedOut,
    this.attempts = 5,
    this.limit = const Duration(seconds: 60),
  })  : url = url.replaceFirst(RegExp(r'/+$'), ''),
        transport = transport ?? Transport(),
        _store = store ?? MemoryStore();

  /// Where the server is: "https://shop.example.com".
  final String url;
  final Transport transport;

  /// Language of texts for people, "am" or "fr-CA".
  final String? language;

  /// Called when the session has ended: it expired, or was ended elsewhere.
  final void Function()? onSignedOut;

  /// How often a call is sent at most, when it may be sent again.
  final int attempts;

  /// How long one attempt may take.
  final Duration limit;

  final SessionStore _store;
  Future<Saved>? _saved;
  Future<void>? _refreshing;

  /// Whether there is a session; it may have ended elsewhere.
  Future<bool> isSignedIn() async => (await _load()).accessToken != null;

  /// An operation by its line.
  @override
  Future<Answer> call(String line, Json input, CallOptions? options) async {
    final operation = Operation(line);
    final (path, rest) = operation.target(input);
    final headers = _headers(operation, options);
    final answer = await _sendUntilAnswered(
        operation, Uri.parse(url + path), headers, _bodyOf(operation, rest));
    options?.onHeaders?.call(answer.headers);
    if (operation.path == '/v1/auth/logout') await _save(const Saved());
    await _learn(answer);
    return answer;
  }

  Uint8List? _bodyOf(Operation operation, Json rest) {
    if (operation.hasBody) return utf8.encode(jsonEncode(rest));
    return switch (rest['body']) {
      null => null,
      final Uint8List bytes => bytes,
      final List<int> bytes => Uint8List.fromList(bytes),
      final Object text => utf8.encode('$text'),
    };
  }

  Future<Answer> _sendUntilAnswered(
      Operation operation, Uri target, Map<String, String> headers, Uint8List? body) async {
    final isRefresh = operation.path == _refreshPath;
    final most = isRefresh ? _refreshAttempts : attempts;
    final time = isRefresh && limit > _refreshAttempt ? _refreshAttempt : limit;
    var refreshed = false;
    for (var attempt = 1;; attempt++) {
      final saved = await _load();
      final ({int status, Map<String, String> headers, String text}) came;
      try {
        came = await transport.send(
            operation.method, target, {...headers, ..._identify(operation, saved)}, body, time);
      } catch (error) {
        if (attempt >= most || !(operation.isRepeatable || isRefresh)) throw NoAnswer(error);
        await Future<void>.delayed(backOff(attempt));
        continue;
      }
      if (came.status < 300) return _answer(operation, came.status, came.headers, came.text);
      final problem = SebezProblem.of(came.status, came.headers, came.text);
      final isOld = problem.code == ProblemCode.unauthenticated && !operation.isPublic;
      if (isOld && !refreshed && saved.accessToken != null) {
        await _refresh(saved.accessToken!);
        refreshed = true;
      } else if (attempt < most && _isLater(problem, operation)) {
        await Future<void>.delayed(aBitLater(problem.retryAfter ?? backOff(attempt)));
      } else {
        throw problem;
      }
    }
  }

  Answer _answer(Operation operation, int status, Map<String, String> headers, String text) =>
      Answer(status, headers, text, text.isEmpty || operation.isText ? null : jsonDecode(text));

  /// Whether the server wants it to be sent again.
  bool _isLater(SebezProblem problem, Operation operation) {
    if ((problem.retryAfter ?? Duration.zero) > _waitMax) return false;
    if (problem.code == ProblemCode.overloaded || problem.status == 429) return true;
    final isUndecided = problem.status >= 502 || problem.code == ProblemCode.requestInProgress;
    return isUndecided && operation.isRepeatable;
  }

  Map<String, String> _headers(Operation operation, CallOptions? options) => {
        'Accept': operation.isText ? '*/*' : 'application/json',
        if (options?.language ?? language case final String wanted) 'Accept-Language': wanted,
        if (operation.hasBody) 'Content-Type': 'application/json',
        if (operation.file case final String type) 'Content-Type': type,
        if (operation.hasKey) 'Idempotency-Key': options?.idempotencyKey ?? freshKey(),
        if (options?.ifMatch case final String tag) 'If-Match': tag,
      };

  Map<String, String> _identify(Operation operation, Saved saved) => {
        if (saved.accessToken != null && !operation.isPublic)
          'Authorization': 'Bearer ${saved.accessToken}',
        if (saved.cartToken case final String cart
            when operation.isForGuests || operation.path.startsWith('/v1/auth/'))
          'X-Cart-Token': cart,
      };

  /// One at a time: a refresh token works once.
  Future<void> _refresh(String used) =>
      _refreshing ??= _exchange(used).whenComplete(() => _refreshing = null);

  Future<void> _exchange(String used) async {
    final saved = await _load();
    if (saved.accessToken != used || saved.refreshToken == null) return;
    try {
      await refresh(refreshToken: saved.refreshToken!);
    } on SebezProblem catch (problem) {
      if (problem.status == 401) {
        await _save(const Saved());
        onSignedOut?.call();
      }
      rethrow;
    }
  }

  /// Tokens that an answer brings.
  Future<void> _learn(Answer answer) async {
    if (answer.decoded case {'access_token': final String access, 'refresh_token': final String more}) {
      await _save(Saved(accessToken: access, refreshToken: more));
    } else if (answer.headers['x-cart-token'] case final String cart) {
      final saved = await _load();
      await _save(Saved(
          accessToken: saved.accessToken, refreshToken: saved.refreshToken, cartToken: cart));
    }
  }

  Future<Saved> _load() => _saved ??= _loadAnew();

  Future<Saved> _loadAnew() async {
    try {
      return await _store.load() ?? const Saved();
    } catch (_) {
      _saved = null; // a keychain that is locked may be open later
      rethrow;
    }
  }

  Future<void> _save(Saved saved) {
    _saved = Future.value(saved);
    return _store.save(saved);
  }
}
