/// What a device keeps between starts.
final class Saved {
  const Saved({this.accessToken, this.refreshToken, this.cartToken});
  final String? accessToken;
  final String? refreshToken;

  /// Of a guest, until it signs in.
  final String? cartToken;
}

/// Where it is kept: the keychain, for example. Both may be called at any time.
abstract interface class SessionStore {
  Future<Saved?> load();
  Future<void> save(Saved saved);
}

/// Keeps it as long as the program runs.
final class MemoryStore implements SessionStore {
  Saved? _kept;

  @override
  Future<Saved?> load() async => _kept;

  @override
  Future<void> save(Saved saved) async => _kept = saved;
}
