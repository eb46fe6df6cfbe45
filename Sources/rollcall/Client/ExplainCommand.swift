// `rollcall explain`: why DNS answers as it does.

import APIClient
import ArgumentParser
import JSONText

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say which instances are in the answer to a query, which are not, and why.",
    discussion: """
      The name is a whole one, with the zone. No turn of the rotation is taken.

      EXAMPLES
        rollcall explain web.mesh.internal
        rollcall explain _web._tcp.mesh.internal SRV
        rollcall explain web.mesh.internal --json | jq -r '.instances[] | select(.in | not) | .id'
      """)

  @Argument(help: "The name that is asked for.")
  var name: String

  @Argument(
    help: "A, AAAA, SRV or TXT (default: A).", completion: .list(["A", "AAAA", "SRV", "TXT"]))
  var type: String?

  @OptionGroup var server: ServerOptions

  @Flag(help: "Print a JSON object, as the API has it, with all pages in one.")
  var json = false

  func validate() throws {
    guard !name.isEmpty else { throw ValidationError("the name may not be empty") }
  }

  func run() async throws {
    try await orOneLine {
      let pages = try await server.withClient { client in
        try await client.pages("instances") { .explain(name, type: type, after: $0) }
      }
      if json { print(Self.whole(pages).line) } else { show(pages) }
    }
  }

  /// The first page with the instances of all.
  private static func whole(_ pages: APIPages) -> JSON {
    guard case .object(let members) = pages.first else { return pages.first }
    return .object(
      members.filter { $0.name != "next_cursor" }.map { name, value in
        (name, name == "instances" ? .array(pages.items) : value)
      })
  }

  private func show(_ pages: APIPages) {
    func text(_ name: String) -> String { pages.first[name]?.string ?? "" }
    print("\(text("name")) \(text("type")): \(text("code"))")
    for alias in pages.first["aliases"]?.items ?? [] { print("alias of \(alias.string ?? "")") }
    print(text("detail"))
    guard !pages.items.isEmpty else { return }
    var table = TextTable(["SERVICE", "ID", "STATUS", "IN", "REASON"])
    for instance in pages.items { table.append(Self.cells(instance)) }
    for line in table.lines(withColours: Terminal.hasColours) { print(line) }
  }

  private static func cells(_ instance: JSON) -> [TextTable.Cell] {
    func text(_ name: String) -> String { instance[name]?.string ?? "" }
    let reason = instance["reason"]?.string
    let isHeld = if case .bool(true) = instance["held"] { true } else { false }
    let word = reason ?? (isHeld ? "held" : nil)
    return [
      .init(text("service")), .init(text("id")), .init(text("status")),
      reason == nil ? .init("yes", .green) : .init("no", .red),
      .init(word.map { "\($0): \(text("detail"))" } ?? "-"),
    ]
  }
}
