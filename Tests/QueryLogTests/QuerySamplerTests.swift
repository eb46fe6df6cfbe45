// Which of many queries are recorded.

import Testing

@testable import QueryLog

@Suite("Samples of queries")
struct QuerySamplerTests {
  @Test("one of one is each")
  func takesAll() {
    var sampler = QuerySampler(every: 1)
    #expect((0..<1_000).allSatisfy { _ in sampler.takesNext() })
  }

  @Test("one of a hundred is a hundredth on average, and never the same rhythm")
  func takesShare() {
    var sampler = QuerySampler(every: 100)
    let taken = (0..<1_000_000).filter { _ in sampler.takesNext() }
    // The distances have a deviation of 57, so that of 10,000 is 58: ten of them.
    #expect((9_400...10_600).contains(taken.count))
    let distances = Set(zip(taken, taken.dropFirst()).map { $1 - $0 })
    #expect(distances.allSatisfy { (1...199).contains($0) })
    #expect(distances.count > 150)
  }
}
