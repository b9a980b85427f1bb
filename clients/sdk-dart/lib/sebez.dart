/// The client of a Sebez marketplace. Start with `Sebez(url: ...)`.
library;

export 'src/api.gen.dart' hide Api;
export 'src/call.dart' show CallOptions, Json, Value;
export 'src/client.dart';
export 'src/feed.dart' hide poll;
export 'src/live.dart';
export 'src/problem.dart';
export 'src/session.dart';
export 'src/state.dart';
export 'src/transport.dart';
export 'src/upload.dart';
