import 'dart:async';

/// Where a stream is fed from. A generator (async*) would notice that nobody listens any more only
/// at its next yield, which may be hours away.
final class Outlet<T> {
  Outlet._(this._out);
  final StreamController<T> _out;
  Completer<void>? _wanted;
  bool _isOpen = true;

  bool get isOpen => _isOpen;

  /// Completes when the listener wants more.
  Future<void> emit(T item) async {
    if (!_isOpen) return;
    _out.add(item);
    while (_isOpen && _out.isPaused) await (_wanted = Completer<void>()).future;
  }

  void _wake() {
    _wanted?.complete();
    _wanted = null;
  }

  void _close() {
    _isOpen = false;
    _wake();
  }
}

/// A stream of what the work emits; it should end soon when its outlet is closed.
Stream<T> streamOf<T>(Future<void> Function(Outlet<T> outlet) work) {
  final out = StreamController<T>();
  final outlet = Outlet<T>._(out);
  Future<void> run() async {
    try {
      await work(outlet);
    } catch (error, trace) {
      if (outlet.isOpen) out.addError(error, trace);
    }
    await out.close();
  }

  out
    ..onListen = run
    ..onResume = outlet._wake
    ..onCancel = outlet._close;
  return out.stream;
}
