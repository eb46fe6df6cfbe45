// Names as tables look them up (RFC 4343 section 3).

import DNSWire
import Testing

@testable import DNSZone

@Suite("Folding of names") struct NameFoldingTests {
  @Test("Capitals become small letters, every other octet stays, wherever in a word it stands")
  func everyOctet() throws {
    let scratch = NameScratch.allocate()
    defer { scratch.deallocate() }
    for octet in UInt8.min...UInt8.max {
      for before in 0..<9 {
        let label = Array(repeating: UInt8(ascii: "x"), count: before) + [octet]
        let name = try DomainName(labels: [label, Array("Mesh".utf8)])
        scratch.set(name)
        #expect(Array(scratch.view.bytes) == name.lowercased.wire)
      }
    }
  }

  @Test("The longest names keep all their labels", arguments: [1, 2, 7, 8, 63])
  func longest(labelLength: Int) throws {
    let scratch = NameScratch.allocate()
    defer { scratch.deallocate() }
    let count = (DomainName.lengthLimit - 1) / (labelLength + 1)
    let label = Array(repeating: UInt8(ascii: "Q"), count: labelLength)
    let name = try DomainName(labels: Array(repeating: label, count: count))
    scratch.set(name)
    #expect(scratch.labelCount == count && scratch.length == name.wire.count)
    #expect(
      Array(scratch.suffix(labels: 1).bytes) == [UInt8(labelLength)]
        + label.map { $0 | 0x20 } + [0])
  }
}
