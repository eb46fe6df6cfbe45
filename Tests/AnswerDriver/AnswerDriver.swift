// Answers queries without sockets, for tools that count instructions or compare threads:
//
//   AnswerDriver count KIND QUERIES        answers so many queries of one kind
//   AnswerDriver threads THREADS SECONDS   answers all kinds mixed, says how many on all threads

import DNSWire
import DNSZone
import TestSupport

@main
enum AnswerDriver {
  private static let services = 1_000

  static func main() {
    let words = CommandLine.arguments.dropFirst()
    let domain = AnsweredZone.make(services: services)
    switch (words.first, words.dropFirst().first, words.last.flatMap { Int($0) }) {
    case ("count", let name?, let queries?):
      guard let kind = QueryKind(rawValue: name) else { Driver.fail("\(name) is no kind of query") }
      var answerer = Answerer(domain, kind.queries(1_024, services: services))
      for _ in 0..<(queries / Answerer.batch) { answerer.answerBatch() }
      Driver.write("\(answerer.octets) octets")
    case ("threads", let threads?, let seconds?):
      guard let threads = Int(threads), threads > 0 else { Driver.fail("\(threads) is no number") }
      let counts = runThreads(threads) { _ in
        var answerer = Answerer(domain, QueryKind.mix(65_536, services: services))
        let end = ContinuousClock.now + .seconds(seconds)
        var batches = 0
        while ContinuousClock.now < end {
          for _ in 0..<100 { answerer.answerBatch() }
          batches += 100
        }
        return batches * Answerer.batch
      }
      Driver.write("\(counts.reduce(0, +))")
    default:
      Driver.fail("count KIND QUERIES, or threads THREADS SECONDS?")
    }
  }
}

/// The typical queries of callers.
enum QueryKind: String, CaseIterable {
  case address, service
  case noData = "no-data"
  case nameError = "name-error"

  private func query(_ service: Int) -> [UInt8] {
    let owner = "s\(service).mesh.internal."
    let (name, type): (String, RecordType) =
      switch self {
      case .address: (owner, .a)
      case .service: ("_grpc._tcp.\(owner)", .srv)
      case .noData: (owner, .aaaa)
      case .nameError: ("no-\(owner)", .a)
      }
    return QueryMessage(ZoneUnderTest.name(name), type).octets
  }

  /// So many queries for services in no order that a core could guess.
  func queries(_ count: Int, services: Int) -> [[UInt8]] {
    (0..<count).map { query($0 * 7_919 % services) }
  }

  /// Half addresses, four tenths service records, the rest those that have no answer.
  static func mix(_ count: Int, services: Int) -> [[UInt8]] {
    var random = SeededRandom(seed: 1)
    return (0..<count).map { _ in
      let kind: QueryKind =
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<10: .address
        case 10..<18: .service
        case 18: .noData
        default: .nameError
        }
      return kind.query(Int.random(in: 0..<services, using: &random))
    }
  }
}

/// A zone like one that services have registered in.
enum AnsweredZone {
  static let instances = 8

  static func make(services: Int) -> ZoneDomain {
    let domain = ZoneDomain(seed: 0x5EED)
    let apex = ZoneUnderTest.name("mesh.internal.")
    let zone = Zone(
      apex: apex, records: ZoneText(RegistryUnderTest.staticZone, origin: apex).records, in: domain)
    domain.publish([zone])
    for service in 0..<services {
      let owner = "s\(service).mesh.internal."
      let instances = (0..<instances).map {
        ServedInstance(
          "i\($0).\(owner)", ["10.\(service / 250).\(service % 250).\($0 + 1)"], port: 9_090)
      }
      let blocks = zone.publish(instances, at: owner)
      var rrsets = OwnerRRsets()
      rrsets.add(.srv, ttl: 5) { records in
        for block in blocks { records.add(block, port: 9_090) }
      }
      zone.replaceAll(at: ZoneUnderTest.name("_grpc._tcp.\(owner)").wire, with: &rrsets)
    }
    return domain
  }
}

/// One thread's work: batches of queries answered as a UDP worker answers them.
struct Answerer: ~Copyable {
  static let batch = 64

  private let responder: Responder
  private let queries: [[UInt8]]
  private var next = 0
  private let reply = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 64)
  /// Of all replies so far.
  private(set) var octets = 0

  init(_ domain: ZoneDomain, _ queries: [[UInt8]]) {
    var settings = ResponderSettings.underTest
    settings.statistics = ReplyStatistics()
    guard let responder = Responder(domain: domain, settings: settings) else {
      preconditionFailure("there is room for a reader")
    }
    self.responder = responder
    self.queries = queries
  }

  deinit {
    reply.deallocate()
  }

  mutating func answerBatch() {
    let batch = queries[next..<next + Self.batch]
    next = (next + Self.batch) % queries.count
    let client: [UInt8] = [127, 0, 0, 1]
    responder.begin(at: 0, wallSeconds: 0, isUnderLoad: false)
    for query in batch { query.withUnsafeBytes { responder.expect($0) } }
    responder.fetchExpected()
    for query in batch {
      octets += query.withUnsafeBytes { query in
        client.withUnsafeBytes { responder.reply(to: query, from: $0, into: reply, isUDP: true) }
      }
    }
    responder.end()
  }
}
