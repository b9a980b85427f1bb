import 'dart:typed_data';

import 'transport_elsewhere.dart' if (dart.library.io) 'transport_io.dart' as made;

/// One request and its answer. A program for browsers brings its own (package:http, for example);
/// elsewhere dart:io is used.
abstract interface class Transport {
  factory Transport() => made.transport();

  /// Throws when no answer came; any status is an answer. Names of headers are in lower case.
  Future<({int status, Map<String, String> headers, String text})> send(
      String method, Uri url, Map<String, String> headers, Uint8List? body, Duration limit);
}
