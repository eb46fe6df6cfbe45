// What is recorded of queries, and where it goes.

/// Which queries become lines of the log.
package enum QueryLogSettings {
  /// One of so many queries.
  package static let every = 1...1_000_000
}

/// Where dnstap messages go, and of which queries.
package struct DnstapSettings: Equatable, Sendable {
  package enum Sink: Hashable, Sendable {
    /// A collector that listens on this Unix socket.
    case socket(String)
    case file(String)

    /// Octets of a socket's path: what `sockaddr_un` has room for, with the zero at its end.
    package static let socketPathLimit = 107

    /// - Parameter text: `unix:/path` or `file:/path`.
    /// - Returns: nil for anything else, and for a path that is not absolute.
    package init?(_ text: String) {
      if text.hasPrefix("unix:/"), text.utf8.count <= "unix:".count + Self.socketPathLimit {
        self = .socket(String(text.dropFirst("unix:".count)))
      } else if text.hasPrefix("file:/"), !text.hasSuffix("/") {
        self = .file(String(text.dropFirst("file:".count)))
      } else {
        return nil
      }
    }
  }

  package let sink: Sink
  /// One of so many queries.
  package let every: Int

  package init(sink: Sink, every: Int) {
    self.sink = sink
    self.every = every
  }
}

extension DnstapSettings.Sink: CustomStringConvertible {
  package var description: String {
    switch self {
    case .socket(let path): "unix:\(path)"
    case .file(let path): "file:\(path)"
    }
  }
}
