/// Decoded JSON.
typedef Json = Map<String, Object?>;

/// A member that may be removed: leave it out and nothing changes, give Value(null) and it is gone.
final class Value<T> {
  const Value(this.value);
  final T? value;
}

/// Options of one call.
final class CallOptions {
  const CallOptions({this.idempotencyKey, this.ifMatch, this.language, this.onHeaders});

  /// Sent with the call and all its repetitions; without one a fresh key is used. Keep it with what
  /// you queue, and a call that is sent again after the app was killed has its effect once.
  final String? idempotencyKey;

  /// The ETag that the change is based on; `version_mismatch` when it has changed.
  final String? ifMatch;

  /// Language of texts for people, when it is not the client's.
  final String? language;

  /// Sees the headers of the answer, by their names in lower case.
  final void Function(Map<String, String> headers)? onHeaders;
}

/// What the server answered.
final class Answer {
  const Answer(this.status, this.headers, this.text, this.decoded);
  final int status;
  final Map<String, String> headers;
  final String text;
  final Object? decoded;

  Json get json => decoded as Json;
  void expectNothing() {}
}

/// The items of all pages.
Stream<T> pages<T>(Future<(List<T>, String?)> Function(String? cursor) page) async* {
  String? cursor;
  do {
    final (items, next) = await page(cursor);
    yield* Stream.fromIterable(items);
    cursor = next;
  } while (cursor != null);
}

/// As the server reads times.
String instant(DateTime time) => time.toUtc().toIso8601String();

/// An operation, read from its line "METHOD path?query flags media".
final class Operation {
  Operation._(this.method, this.path, this.query, this._flags, this.file);

  factory Operation(String line) {
    final parts = line.split(' ');
    final target = parts[1].split('?');
    return Operation._(parts[0], target[0], target.length > 1 ? target[1].split(',') : const [],
        parts.length > 2 ? parts[2] : '', parts.length > 3 ? parts[3] : null);
  }

  final String method;
  final String path;
  final List<String> query;
  final String _flags;

  /// The content type of a body that is sent as it is.
  final String? file;

  bool get hasBody => _flags.contains('b');
  bool get isForGuests => _flags.contains('g');
  bool get hasKey => _flags.contains('k');
  bool get isPublic => _flags.contains('p');
  bool get isText => _flags.contains('t');

  /// May be sent again when no answer came: it has its effect once.
  bool get isRepeatable => hasKey || const {'GET', 'PUT', 'DELETE'}.contains(method);

  /// The path with its query, and what of the input is left for the body.
  (String, Json) target(Json input) {
    final rest = {...input};
    final way = path.replaceAllMapped(
        RegExp(r'\{(\w+)\}'), (found) => Uri.encodeComponent('${rest.remove(found[1])}'));
    final pairs = <String>[];
    for (final name in query) _append(pairs, name, rest.remove(name));
    return (pairs.isEmpty ? way : '$way?${pairs.join('&')}', rest);
  }
}

void _append(List<String> pairs, String name, Object? value) {
  switch (value) {
    case null:
      break;
    case final List<Object?> list:
      for (final each in list) _append(pairs, name, each);
    case final Map<String, Object?> map:
      map.forEach((key, each) => _append(pairs, '$name[$key]', each));
    default:
      pairs.add('${Uri.encodeQueryComponent(name)}=${Uri.encodeQueryComponent('$value')}');
  }
}
