// Which services a token is for.

package import ServiceRegistry

/// `prod` (that service), `*.prod` (every service with one or more labels before `prod`), or `*`
/// (all).
///
/// Compared as names are: by whole labels, without regard to case.
package struct ServicePattern: Equatable, Sendable {
  private enum Form: Equatable {
    case all
    case only(String)
    /// What comes after the asterisk, with its dot.
    case below(String)
  }

  private let form: Form

  /// - Throws: `badName` for what is neither a service's name nor an asterisk before one.
  package init(_ text: String) throws(RegistryError) {
    if text == "*" {
      form = .all
    } else if text.hasPrefix("*.") {
      // Below a name that is reserved itself there may be services.
      let example = try ServiceName("a" + text.dropFirst())
      form = .below(String(example.key.dropFirst()))
    } else {
      form = .only(try ServiceName(text).key)
    }
  }

  package var isAll: Bool { form == .all }

  package func covers(_ service: ServiceName) -> Bool {
    switch form {
    case .all: true
    case .only(let key): service.key == key
    // A name has no empty label, so something stands before the dot.
    case .below(let end): service.key.utf8.count > end.utf8.count && service.key.hasSuffix(end)
    }
  }
}

extension ServicePattern: CustomStringConvertible {
  package var description: String {
    switch form {
    case .all: "*"
    case .only(let key): key
    case .below(let end): "*\(end)"
    }
  }
}
