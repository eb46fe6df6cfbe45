// Where a caller learns the live instances of a service.

/// Where a caller learns the live instances of a service.
public protocol ServiceDirectory: Sendable {
  /// The instances at this moment, in the order in which they are to be tried first; empty if the
  /// service exists and has none.
  ///
  /// - Parameter service: its name, such as `web` or `web.prod`.
  /// - Throws: why they can't be told. With ``RollcallError/Kind/serviceUnknown`` and
  ///   ``RollcallError/Kind/noAnswer`` it says that those of before do not count any more.
  func endpoints(of service: String) async throws -> [Endpoint]
}
