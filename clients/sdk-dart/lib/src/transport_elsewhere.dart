import 'transport.dart';

Transport transport() => throw UnsupportedError('Give the client a Transport: there is no dart:io.');
