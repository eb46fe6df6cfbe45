// A reply to a change means that every query sent after it sees it.

import DNSWire
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Read your writes")
  struct ReadYourWrites {
    @Test("Each of 300 registrations is seen by a query sent right after its reply")
    func registrations() async throws {
      try await withSite { site in
        let server = try await site.startServer(["--workers", "4"])
        let (dns, port) = (server.dns, server.ready.httpPort)
        let unseen = try await onOwnThread {
          let http = try HTTPConnection(port: port)
          var unseen: [String] = []
          for number in 1...300 {
            let address = "10.0.\(number / 250).\(number % 250 + 1)"
            try http.register(
              "s-\(number % 20)", "i-\(number)", #"{"address": "\#(address)", "port": 80}"#)
            let kind: LoopbackSocket.Kind = number.isMultiple(of: 2) ? .udp : .tcp
            let set = try dns.ask("s-\(number % 20).mesh.internal.", .a, over: kind)
            let one = try dns.ask("i-\(number).s-\(number % 20).mesh.internal.", .a, over: kind)
            if !set.answer.values.contains(address) || one.answer.values != [address] {
              unseen.append("\(number) over \(kind)")
            }
          }
          return unseen
        }
        #expect(unseen.isEmpty)
      }
    }

    @Test("Replacing, changing the status and deregistering are seen at once, too")
    func otherChanges() async throws {
      try await withSite { site in
        let server = try await site.startServer(["--workers", "4"])
        let (dns, port) = (server.dns, server.ready.httpPort)
        let faults = try await onOwnThread {
          let http = try HTTPConnection(port: port)
          var faults: [String] = []
          var step = 0
          func expect(_ values: [String], after what: String) throws {
            step += 1
            let kind: LoopbackSocket.Kind = step.isMultiple(of: 2) ? .udp : .tcp
            let reply = try dns.ask("web.mesh.internal.", .a, over: kind)
            if reply.answer.values != values || reply.code != .noError {
              faults.append("\(step): \(reply.answer) after \(what)")
            }
          }
          let path = "/v1/services/web/instances/a"
          for _ in 1...25 {
            try http.register("web", "a", #"{"address": "10.0.0.1"}"#)
            try expect(["10.0.0.1"], after: "the registration")
            try http.register("web", "a", #"{"address": "10.0.0.2"}"#)
            try expect(["10.0.0.2"], after: "the replacement")
            try http.request("POST", "\(path)/renew", #"{"status": "critical"}"#)
            try expect([], after: "becoming critical")
            try http.request("POST", "\(path)/renew", #"{"status": "passing"}"#)
            try expect(["10.0.0.2"], after: "passing again")
            try http.request("DELETE", path)
            try expect([], after: "the deregistration")
          }
          return faults
        }
        #expect(faults.isEmpty)
      }
    }
  }
}
