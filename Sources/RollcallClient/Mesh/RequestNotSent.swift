// How an operation tells that a retry is safe.

/// To be thrown by an operation of a generic call where nothing has reached the instance, a refused
/// connection for example: the call is then tried at another one, repeatable or not.
public struct RequestNotSent: Error {
  /// Why.
  public let underlying: (any Error)?

  /// Makes the error.
  public init(underlying: (any Error)? = nil) {
    self.underlying = underlying
  }
}
