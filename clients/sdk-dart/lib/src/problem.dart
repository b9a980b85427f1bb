import 'dart:convert';

import 'api.gen.dart';
import 'call.dart';

/// The server refused a call: an RFC 9457 problem. Branch on [code], show [message] to people.
final class SebezProblem implements Exception {
  SebezProblem(this.json, this.retryAfter);

  /// From an answer, also when something between here and the server answered.
  factory SebezProblem.of(int status, Map<String, String> headers, String text) {
    final seconds = int.tryParse(headers['retry-after'] ?? '');
    Object? decoded;
    try {
      decoded = jsonDecode(text);
    } on FormatException {
      // Not JSON: a proxy's page.
    }
    final json = decoded is Json && decoded['code'] is String
        ? decoded
        : <String, Object?>{
            'status': status,
            'code': status >= 500 ? 'unavailable' : 'internal',
            'title': 'Status $status',
            'detail': '',
            'request_id': headers['x-request-id'] ?? '',
          };
    return SebezProblem(json, seconds == null ? null : Duration(seconds: seconds));
  }

  /// The whole answer, with what only this problem has (the new quote, for example).
  final Json json;

  /// After which the server wants to be asked again; null when it did not say.
  final Duration? retryAfter;

  int get status => json['status'] as int;
  ProblemCode get code => json['code'] as ProblemCode;
  String get requestId => json['request_id'] as String;
  String get message => json['detail'] == '' ? json['title'] as String : json['detail'] as String;

  /// What is wrong, by field; empty when no field is.
  List<FieldError> get errors => (json['errors'] as List? ?? const []).cast<FieldError>();

  /// The message for one field, as the contract names it: "/lines/0/quantity", "?limit".
  String? of(String field) => errors.where((error) => error.field == field).firstOrNull?.detail;

  @override
  String toString() => 'SebezProblem($status $code: $message)';
}

/// No answer came: no network, a time-out, or a connection that broke. What was sent may have had
/// its effect; the same call with the same idempotency key tells.
final class NoAnswer implements Exception {
  const NoAnswer(this.cause);
  final Object cause;

  @override
  String toString() => 'NoAnswer($cause)';
}
