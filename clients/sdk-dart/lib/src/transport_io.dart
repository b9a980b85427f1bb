import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'transport.dart';

Transport transport() => _IoTransport();

final class _IoTransport implements Transport {
  final _client = HttpClient();

  @override
  Future<({int status, Map<String, String> headers, String text})> send(
      String method, Uri url, Map<String, String> headers, Uint8List? body, Duration limit) {
    return _exchange(method, url, headers, body).timeout(limit);
  }

  Future<({int status, Map<String, String> headers, String text})> _exchange(
      String method, Uri url, Map<String, String> headers, Uint8List? body) async {
    final request = await _client.openUrl(method, url);
    headers.forEach(request.headers.set);
    request.contentLength = body?.length ?? 0;
    if (body != null) request.add(body);
    final response = await request.close();
    final text = await response.transform(utf8.decoder).join();
    final told = <String, String>{};
    response.headers.forEach((name, values) => told[name] = values.join(', '));
    return (status: response.statusCode, headers: told, text: text);
  }
}
