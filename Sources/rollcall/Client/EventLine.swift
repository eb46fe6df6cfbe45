// An event as a line.

import APIClient
import JSONText
import RollcallClient

extension ServerEvent {
  /// The data, with what happened before it.
  var jsonLine: String {
    guard case .object(let members) = data else { return data.line }
    return JSON.object([("event", .string(kind))] + members).line
  }

  /// For people: revision, what happened, to whom, and what it is now.
  var line: String {
    func padded(_ text: String, to width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    let revision = data["revision"]?.integer.map(String.init) ?? "-"
    let subject = [data["service"]?.string, data["id"]?.string].compactMap(\.self)
    let start = padded(revision, to: Self.revisionWidth) + " " + padded(kind, to: Self.kindWidth)
    let words = [start] + (subject + instanceWords)
    return words.joined(separator: " ").trimmingEnd
  }

  private static let revisionWidth = 8
  private static let kindWidth = "service-configured".count

  private var instanceWords: [String] {
    guard let instance = data["instance"], let status = instance["status"]?.string else {
      return kind == "reset" ? ["what was missed can't be told: 'rollcall list' shows all"] : []
    }
    let addresses = instance["addresses"]?.items.compactMap(\.string) ?? []
    let port = instance["port"]?.integer.map { ["port \($0)"] } ?? []
    return [status, addresses.joined(separator: ",")] + port
  }
}

extension String {
  fileprivate var trimmingEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
