// The labels by which instances are browsed for.

import DNSWire
import Testing

@Suite("Labels of service instances (RFC 6763 section 4.1.1)")
struct ServiceInstanceLabelTests {
  private func label(_ labels: [String]) -> String {
    let wire = labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    let octets = ServiceInstanceLabel.octets(wire)
    #expect(octets.count == ServiceInstanceLabel.length(wire.count))
    return String(decoding: octets, as: UTF8.self)
  }

  @Test("labels stand side by side with dots between them, 63 octets at most")
  func joined() {
    #expect(label(["web-1", "web", "Prod"]) == "web-1.web.Prod")
    let longest = String(repeating: "a", count: 61)
    #expect(label([longest, "b"]) == longest + ".b")
  }

  @Test("a longer name is cut and has a hash of the whole, the same in whatever case")
  func cut() {
    let id = String(repeating: "a", count: 62)
    let one = label([id, "b"])
    #expect(one == String(repeating: "a", count: 54) + "-9b50b76f")
    #expect(label([id, "c"]) != one)
    #expect(label([id.uppercased(), "B"]).lowercased() == one)
  }
}
