// What came back from an instance.

/// What a try brought when it brought something.
enum TryReply<Value: Sendable>: Sendable {
  case done(Value)
  /// A reply by which the instance says that another one should be tried. It is what the caller
  /// gets if there is no other try.
  case unavailable(Value, retryAfter: Duration?)
  /// The instance did its part, but the call can't be completed by any.
  case unusable(MeshError)
}
