// Everything that DNS over sockets can fail with before it serves.

import Glibc

/// Why an address can't be listened on. The description names the address and the remedy.
package enum TransportError: Error, Equatable {
  /// `text` is not an address to listen on: the operator's fault.
  case notAnAddress(String, AddressFault)
  /// Another program, or another Rollcall, holds the address.
  case addressInUse(ListenAddress, Transport)
  /// The port needs a privilege that this process lacks.
  case permissionDenied(ListenAddress, Transport)
  /// No interface of this machine has the address.
  case addressNotAvailable(ListenAddress, Transport)
  /// Another call of the system failed while the address was opened.
  case cannotListen(ListenAddress, Transport, call: String, errno: Int32)
  /// A thread, or its answerer, could not be made.
  case cannotStart(reason: String)
}

/// What is wrong with the text of an address.
package enum AddressFault: Sendable, Equatable {
  case missingPort
  case badPort
  case bareIPv6
  case notAnIPAddress
}

extension TransportError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAnAddress(let text, let fault):
      "\"\(text)\" is not an address to listen on: \(fault.reason); "
        + "write it like 127.0.0.1:5300 or [::1]:5300"
    case .addressInUse(let address, let transport):
      "\(address) (\(transport.name)) is in use by another program; "
        + "stop that program or choose another port"
    case .permissionDenied(let address, let transport):
      "no permission to listen on \(address) (\(transport.name)); "
        + "grant CAP_NET_BIND_SERVICE or choose a port from 1024 up"
    case .addressNotAvailable(let address, let transport):
      "\(address) (\(transport.name)) can't be listened on: "
        + "no interface of this machine has the address \(address.ipAddress)"
    case .cannotListen(let address, let transport, let call, let errno):
      "\(address) (\(transport.name)) can't be listened on: \(call): \(errorText(errno))"
    case .cannotStart(let reason):
      "can't start to serve DNS: \(reason)"
    }
  }
}

extension TransportError {
  /// The error for `errno` after `call` on a socket for `address`.
  init(_ address: ListenAddress, _ transport: Transport, call: String, errno: Int32) {
    self =
      switch errno {
      case EADDRINUSE: .addressInUse(address, transport)
      case EACCES, EPERM: .permissionDenied(address, transport)
      case EADDRNOTAVAIL: .addressNotAvailable(address, transport)
      default: .cannotListen(address, transport, call: call, errno: errno)
      }
  }
}

extension AddressFault {
  var reason: String {
    switch self {
    case .missingPort: "it has no port"
    case .badPort: "its port is not a number from 0 to 65535"
    case .bareIPv6: "an IPv6 address stands in brackets"
    case .notAnIPAddress: "it has no IPv4 or IPv6 address (names are not looked up)"
    }
  }
}

extension Transport {
  var name: String {
    switch self {
    case .udp: "UDP"
    case .tcp: "TCP"
    }
  }
}

/// The system's words for `errno`.
func errorText(_ errno: Int32) -> String {
  String(cString: strerror(errno))
}
