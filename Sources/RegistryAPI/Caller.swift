// Who sent a request, and what they may do.

import DNSWire
import ServiceRegistry

/// What a call asks for. A service's name is as the path has it, still unchecked.
enum AccessNeed: Equatable {
  /// Open to everybody.
  case nothing
  /// What the reply shows is chosen by what the caller may see.
  case readSome
  case readService(String)
  case readInstance(String, id: String)
  /// What concerns the server as a whole, so that nothing could be left out.
  case readAll
  case write(String)
  /// Each item says what it is about and is decided on its own.
  case writeSome
  case administer
}

/// The holder of a token, or anybody where no token is needed.
struct Caller: Sendable {
  /// Nil allows everything.
  let token: Token?

  static let anonymous = Caller(token: nil)
  static let anonymousName = "anonymous"

  init(token: Token?) {
    self.token = token
  }

  /// As audit lines name it.
  var name: String { token?.name ?? Self.anonymousName }

  /// - Throws: 403, or for what the caller may not see 404 as if it were not there.
  func check(_ need: AccessNeed) throws(Problem) {
    guard token != nil else { return }
    switch need {
    case .nothing, .readSome:
      break
    case .readService(let name):
      let service = try Self.service(name)
      guard covers(service) else { throw Problem(.unknownService(service)) }
    case .readInstance(let name, let id):
      let key = try Self.instance(name, id)
      guard covers(key.service) else { throw Problem(.unknownInstance(key)) }
    case .readAll:
      try requireAllServices()
    case .write(let name):
      try require(.write)
      try checkWrite(Self.service(name))
    case .writeSome:
      try require(.write)
    case .administer:
      try require(.admin)
      try requireAllServices()
    }
  }

  private func require(_ scope: TokenScope) throws(Problem) {
    guard let token, token.scope < scope else { return }
    throw .forbidden(
      "this call needs the scope '\(scope.rawValue)'; the token '\(token.name)' has"
        + " '\(token.scope.rawValue)'")
  }

  private func requireAllServices() throws(Problem) {
    guard let token, !seesAll else { return }
    throw .forbidden(
      "this call needs a token for all services ('*'); '\(token.name)' is not for all")
  }

  // MARK: Services

  func covers(_ service: ServiceName) -> Bool {
    token?.services.contains { $0.covers(service) } ?? true
  }

  /// Whether nothing is hidden from the caller.
  var seesAll: Bool { token?.services.contains(where: \.isAll) ?? true }

  /// Which services the registry may name to the caller or take a name from; nil: all.
  var reach: ServiceReach? {
    guard !seesAll else { return nil }
    return { covers($0) }
  }

  /// - Throws: the same 403 whether the service is there or not.
  func checkWrite(_ service: ServiceName) throws(Problem) {
    guard let token, !covers(service) else { return }
    throw .forbidden("the token '\(token.name)' does not cover the service '\(service)'")
  }

  // MARK: Addresses

  /// - Throws: 403 for an address that the caller may not register, whether it was given or taken
  ///   from the connection.
  func checkAddresses(_ registration: Registration) throws(Problem) {
    guard let token, !token.addresses.isEmpty else { return }
    for address in registration.addresses
    where !token.addresses.contains(where: { $0.contains(address) }) {
      let allowed = token.addresses.map(\.description).joined(separator: ", ")
      throw .forbidden(
        "the token '\(token.name)' may not register the address \(address), only \(allowed)",
        field: "addresses")
    }
  }

  // MARK: Names in paths

  private static func service(_ text: String) throws(Problem) -> ServiceName {
    do throws(RegistryError) {
      return try ServiceName(text)
    } catch {
      throw Problem(error)
    }
  }

  private static func instance(_ service: String, _ id: String) throws(Problem) -> InstanceKey {
    do throws(RegistryError) {
      return InstanceKey(
        service: try ServiceName(service), id: try Label(id, kind: .instance))
    } catch {
      throw Problem(error)
    }
  }
}
