// Replies that take long, because they are about everything that there is.

import HTTPTypes
import Synchronization

/// Bounds how many of them there are at a time: each goes on for as long as its client takes to
/// read it.
final class LongReplies: Sendable {
  private let limit: Int
  private let count = Atomic(0)

  init(limit: Int) {
    self.limit = limit
  }

  /// Those that are being written.
  var metric: Metric {
    Metric(
      "rollcall_http_long_replies", .gauge,
      "Replies about everything, such as a zone's text, that clients are reading.",
      count.load(ordering: .relaxed))
  }

  /// One reply's place, given back when it is released.
  final class Place: Sendable {
    private let owner: LongReplies

    fileprivate init(_ owner: LongReplies) {
      self.owner = owner
    }

    deinit { owner.count.subtract(1, ordering: .relaxed) }
  }

  /// - Throws: 503 when there are ``limit`` already.
  func takePlace() throws(Problem) -> Place {
    let place = Place(self)
    guard count.add(1, ordering: .relaxed).newValue <= limit else { throw .tooManyLong(limit) }
    return place
  }
}

extension Problem {
  fileprivate static func tooManyLong(_ limit: Int) -> Problem {
    Problem(
      status: .serviceUnavailable, kind: "too-many-long-replies",
      title: "Too many long replies are being read",
      detail: "\(limit) clients read a zone or all targets already: try again later", limit: limit,
      headers: [.retryAfter: "5"])
  }
}
