import 'dart:math';

final _random = Random();

/// Grows from half a second to eight, half of it random, so that clients do not return together.
Duration backOff(int attempt) {
  final whole = min(8000, 250 * pow(2, min(attempt, 10)).toInt());
  return Duration(milliseconds: whole ~/ 2 + _random.nextInt(whole ~/ 2 + 1));
}

/// So that those who were refused together do not return together.
Duration aBitLater(Duration wait) => wait + Duration(milliseconds: _random.nextInt(1000));

/// A key that no other call has.
String freshKey() {
  final random = Random.secure();
  return [for (var i = 0; i < 4; i++) random.nextInt(1 << 32).toRadixString(36)].join('-');
}
