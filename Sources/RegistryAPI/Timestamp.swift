// Times as replies show them.

import FoundationEssentials
import ServiceRegistry

/// `2026-01-02T03:04:05.678Z` (RFC 3339).
func timestamp(_ time: WallTime) -> String {
  // Half a millisecond more, as the formatter cuts what a Double can't hold exactly.
  Date(timeIntervalSince1970: (Double(time) + 0.5) / 1_000)
    .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
