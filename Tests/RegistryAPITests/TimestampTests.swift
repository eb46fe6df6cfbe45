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
      (-1, "1969-12-31T23:59:59.999Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
      (978_307_199_009, "2000-12-31T23:59:59.009Z"),
      (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (13_569_465_600_000, "2400-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func times(time: Int64, shown: String) {
    #expect(timestamp(time) == shown)
  }
}
