import 'dart:typed_data';

import 'api.gen.dart';
import 'client.dart';
import 'problem.dart';
import 'time.dart';

const _attempts = 5;

/// Sends a file, in parts when it is large, and waits until it can be used: its state is ready, or
/// failed with the reason. With [resume] only the parts that are missing are sent.
Future<Upload> upload(Sebez client, Uint8List file,
    {required UploadPurpose purpose,
    required String contentType,
    String? vendorId,
    String? resume,
    void Function(int sent, int all)? onProgress}) async {
  var made = resume != null
      ? await client.getUpload(uploadId: resume)
      : await client.createUpload(
          purpose: purpose, contentType: contentType, bytes: file.length, vendorId: vendorId);
  final target = made.upload;
  if (target != null) {
    final pieces = _pieces(target, file.length);
    var sent = file.length - pieces.fold<int>(0, (sum, piece) => sum + piece.bytes);
    for (final piece in pieces) {
      await _put(client, piece.url, target.headers,
          Uint8List.sublistView(file, piece.offset, piece.offset + piece.bytes));
      sent += piece.bytes;
      onProgress?.call(sent, file.length);
    }
    made = await client.completeUpload(uploadId: made.id);
  }
  for (var wait = 200; made.state == UploadState.processing || made.state == UploadState.waiting;) {
    await Future<void>.delayed(Duration(milliseconds: wait));
    made = await client.getUpload(uploadId: made.id);
    if (wait < 3000) wait += wait ~/ 2;
  }
  return made;
}

/// The pieces that are still to be sent.
List<({String url, int offset, int bytes})> _pieces(UploadTarget target, int bytes) {
  if (target.parts case final List<UploadPart> parts)
    return [
      for (final part in parts)
        if (!part.received) (url: part.url, offset: part.offset, bytes: part.bytes)
    ];
  return [if (target.url case final String url) (url: url, offset: 0, bytes: bytes)];
}

Future<void> _put(
    Sebez client, String url, Map<String, String> headers, Uint8List piece) async {
  final target = Uri.parse(url.startsWith('/') ? client.url + url : url);
  for (var attempt = 1;; attempt++) {
    try {
      final came =
          await client.transport.send('PUT', target, headers, piece, const Duration(minutes: 10));
      if (came.status < 300) return;
      final problem = SebezProblem.of(came.status, came.headers, came.text);
      if (came.status < 500 || attempt >= _attempts) throw problem;
    } on SebezProblem {
      rethrow;
    } catch (error) {
      if (attempt >= _attempts) throw NoAnswer(error);
    }
    await Future<void>.delayed(backOff(attempt));
  }
}
