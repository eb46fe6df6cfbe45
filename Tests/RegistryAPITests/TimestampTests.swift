// Times as replies show them.

import Testing

@testable import RegistryAPI

@Suite("Times") struct TimestampTests {
  @Test(
    "Times are shown in UTC to the millisecond (RFC 3339)",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
    ] as [(Int64, String)])
  func times(time: Int64, shown: String) {
    #expect(timestamp(time) == shown)
  }
}
