// Conditional requests: the revision of an instance or a service is its entity tag (RFC 9110
// section 13).

import HTTPTypes
import Hummingbird
import ServiceRegistry

enum EntityTag {
  /// Renewals change when a lease ends, but no revision: the tag is that of what was registered.
  static func text(_ revision: UInt64) -> String { "\"\(revision)\"" }
}

extension Request {
  /// What the request's header requires of what it is about; nil: nothing.
  func precondition() throws(Problem) -> Precondition? {
    let match = try revisions(in: .ifMatch, areWeakEqual: false)
    let noneMatch = try revisions(in: .ifNoneMatch, areWeakEqual: true)
    guard match != nil || noneMatch != nil else { return nil }
    return Precondition(match: match, noneMatch: noneMatch)
  }

  /// Whether the client has this revision already, so that it need not be sent.
  func isKnown(_ revision: UInt64) throws(Problem) -> Bool {
    switch try revisions(in: .ifNoneMatch, areWeakEqual: true) {
    case nil: false
    case .any: true
    case .listed(let known): known.contains(revision)
    }
  }

  /// - Parameter areWeakEqual: whether weak tags count as what they are of (RFC 9110 section
  ///   8.8.3.2).
  private func revisions(
    in field: HTTPField.Name, areWeakEqual: Bool
  ) throws(Problem) -> Precondition.Revisions? {
    guard let text = headers[field] else { return nil }
    if text == "*" { return .any }
    var revisions: [UInt64] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      var tag = item.drop { $0 == " " || $0 == "\t" }
      while tag.last == " " || tag.last == "\t" { tag.removeLast() }
      let isWeak = tag.hasPrefix("W/")
      if isWeak { tag.removeFirst(2) }
      guard tag.utf8.count >= 2, tag.first == "\"", tag.last == "\"" else {
        throw .badField(field.rawName, "must be '*' or entity tags in quotes, such as \"42\"")
      }
      // A tag that is no revision is one that nothing has.
      if let revision = UInt64(tag.dropFirst().dropLast()), !isWeak || areWeakEqual {
        revisions.append(revision)
      }
    }
    return .listed(revisions)
  }
}

extension Response {
  /// The reply with the tag of the instance that it shows.
  func tagged(_ view: InstanceView) -> Response { tagged(view.instance.revision) }

  /// The reply with the tag of what it shows.
  func tagged(_ revision: UInt64) -> Response {
    var response = self
    response.headers[.eTag] = EntityTag.text(revision)
    return response
  }
}
