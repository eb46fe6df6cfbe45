// Changes some settings of a service and leaves the others as they are.

package import JSONText
package import RollcallClient

/// What is to be set; what is not named stays.
package struct ServiceSettingsChange: Sendable {
  /// How often it is tried while somebody else changes the service.
  static let attempts = 20

  package static let names = ["ttl_seconds", "max_answers"]

  private let settings: [(name: String, value: JSON)]

  /// - Parameter settings: by name, null for as all services have it.
  package init(_ settings: [(name: String, value: JSON)]) {
    self.settings = settings
  }

  /// All settings of a service that is `current`; nil: there is none.
  func applied(to current: JSON?) -> JSON {
    .object(
      Self.names.map { name in
        (name, settings.first { $0.name == name }?.value ?? current?[name] ?? .null)
      })
  }

  /// Carries the change out on what the service is at that moment.
  ///
  /// - Returns: the service as the server shows it then.
  package func perform(on service: String, _ client: APIClient) async throws(RollcallError) -> JSON
  {
    var attempt = 1
    while true {
      let current = try await client.service(service)
      let condition: ServerCall.Condition =
        (current?["revision"]?.integer).map { .revision($0) } ?? .absent
      do throws(RollcallError) {
        return try await client.send(.configure(service, applied(to: current), if: condition))
      } catch {
        guard error.kind == .outdated, attempt < Self.attempts else { throw error }
        attempt += 1
      }
    }
  }
}

extension APIClient {
  /// The service with its instances; nil if there is none.
  package func service(_ name: String) async throws(RollcallError) -> JSON? {
    do throws(RollcallError) {
      return try await send(.service(name))
    } catch {
      guard error.kind == .notFound else { throw error }
      return nil
    }
  }
}
