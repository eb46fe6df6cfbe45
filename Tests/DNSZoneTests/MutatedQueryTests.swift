// Queries damaged at random: every reply is sound, or there is none for a reason.

import DNSWire
import DNSZone
import FuzzTargets
import TestSupport
import Testing

@Suite("Damaged queries")
struct MutatedQueryTests {
  static let mutations = 20_000

  let served: ZoneUnderTest = {
    let served = ZoneUnderTest([
      (
        "mesh.internal.",
        """
        @ SOA ns hostmaster 1 7200 900 1209600 60
        @ NS ns
        ns A 192.0.2.53
        alias CNAME web
        loop CNAME loop
        old DNAME new
        cut NS ns.cut
        ns.cut AAAA fd00::1
        * MX 10 web
        h TYPE65 \\# 16 0001 04686f7374076578616d706c6500
        """
      ),
      (".", "@ SOA ns. h. 1 2 3 4 5\n@ NS ns.\n*.wild TXT \"x\""),
    ])
    // A third has a port; the leases end one after the other while queries are made.
    let instances = (0..<60).map { (number: Int) -> ServedInstance in
      let shared = ["10.0.0.\(number / 2)"]
      return ServedInstance(
        "I\(number).web.mesh.internal.", number < 20 ? shared + ["fd00::\(number)"] : shared,
        port: number < 20 ? 8080 : nil, weight: UInt16(1 + number % 3),
        leaseEnd: BootTime(1 + number % 16) * 1_000_000_000)
    }
    served.zone.publish(instances, at: "web.mesh.internal.")
    served.publish(Zone.broken(apex: ZoneUnderTest.name("broken."), in: served.domain))
    return served
  }()

  static let seeds: [[UInt8]] = {
    let names = [
      "web.mesh.internal.", "alias.mesh.internal.", "loop.mesh.internal.", "x.old.mesh.internal.",
      "i1.web.mesh.internal.", "www.cut.mesh.internal.", "any.mesh.internal.", "h.mesh.internal.",
      "none.web.mesh.internal.",
      "mesh.internal.", ".", "a.b.wild.", "x.broken.", String(repeating: "x.", count: 127),
    ]
    let types: [RecordType] = [.a, .srv, .mx, .any, .ds, .https, .ixfr, .opt]
    return names.flatMap { name in
      types.flatMap { type in
        let plain = QueryMessage(name, type)
        let option: [UInt8] = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]
        return [plain.octets, plain.with { $0.opt = [.init(options: option)] }.octets]
      }
    } + [QueryMessage("version.bind.", .txt).with { $0.recordClass = .chaos }.octets]
  }()

  private func mutate(_ octets: inout [UInt8], _ random: inout SeededRandom) {
    for _ in 0..<Int.random(in: 1...3, using: &random) where !octets.isEmpty {
      let place = Int.random(in: 0..<octets.count, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: octets[place] = UInt8.random(in: 0...255, using: &random)
      case 2: octets.remove(at: place)
      case 3: octets.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 4: octets.removeLast(octets.count - place)
      case 5: octets += octets[place...]
      case 6: octets[place] = [0, 0x3F, 0x40, 0xC0, 0xFF].randomElement(using: &random)!
      default: octets.replaceSubrange(place..., with: octets[..<place])
      }
    }
  }

  /// What is wrong with the reply, nil if nothing is.
  private func fault(_ query: [UInt8], _ octets: [UInt8], isUDP: Bool) -> String? {
    do throws(Violation) {
      _ = try ReplyCheck.read(octets, to: query, isUDP: isUDP)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("undamaged, each of the queries has a sound reply")
  func undamaged() {
    for query in Self.seeds {
      for isUDP in [true, false] {
        #expect(fault(query, served.reply(to: query, isUDP: isUDP), isUDP: isUDP) == nil)
      }
    }
  }

  @Test("damaged at random, they have one too or none for a reason")
  func damaged() {
    var random = SeededRandom(seed: 0xD0)
    for number in 0..<Self.mutations {
      var query = Self.seeds.randomElement(using: &random)!
      mutate(&query, &random)
      let isUDP = number % 4 > 0
      let reply = served.reply(to: query, isUDP: isUDP, at: BootTime(number) * 1_000_000)
      let fault = fault(query, reply, isUDP: isUDP)
      #expect(fault == nil, "mutation \(number): \(query) got \(reply)")
    }
  }

  @Test("random octets have a sound reply or none")
  func noise() {
    var random = SeededRandom(seed: 0xD1)
    for number in 0..<2000 {
      var query = (0..<Int.random(in: 0..<80, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      // Most as queries with one question, else nearly all would end at the header.
      if query.count > 12, number % 5 > 0 {
        query.replaceSubrange(2..<12, with: [0, 0, 0, 1, 0, 0, 0, 0, 0, UInt8(number % 2)])
      }
      #expect(fault(query, served.reply(to: query), isUDP: true) == nil, "\(query)")
    }
  }
}
