// `rollcall list`: the services, or the instances of one.

import APIClient
import ArgumentParser
import JSONText

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show the services of a running server, or the instances of one.",
    discussion: """
      EXAMPLES
        rollcall list
        rollcall list web --tag v2 --status passing
        rollcall list web --json | jq -r '.instances[].addresses[]'
      """)

  @Argument(help: "The service whose instances are shown; without it, all services.")
  var service: String?

  @Option(help: "Only instances with this tag.")
  var tag: String?

  @Option(
    help: "Only instances with this status: passing, warning, critical or draining.",
    completion: .list(["passing", "warning", "critical", "draining"]))
  var status: String?

  @OptionGroup var server: ServerOptions

  @Flag(help: "Print a JSON object, as the API has it, with all pages in one.")
  var json = false

  func validate() throws {
    guard service != nil || tag == nil && status == nil else {
      throw ValidationError("--tag and --status need a service")
    }
    guard service != "" else { throw ValidationError("the service's name may not be empty") }
  }

  func run() async throws {
    try await orOneLine {
      try await server.withClient { client in
        if let service {
          try await showInstances(of: service, client)
        } else {
          try await showServices(client)
        }
      }
    }
  }

  private func showServices(_ client: APIClient) async throws {
    let list = try await client.pages("services") { .services(after: $0) }
    guard !json else {
      print(JSON.object([("services", .array(list.items))]).line)
      return
    }
    var table = TextTable(["SERVICE", "LIVE", "INSTANCES", "REVISION"])
    for service in list.items {
      let (live, count) = (service["live_count"]?.integer, service["instance_count"]?.integer)
      table.append([
        .init(service["name"]?.string ?? ""),
        .init("\(live ?? 0)", live == 0 ? .red : nil), .init("\(count ?? 0)"),
        .init("\(service["revision"]?.integer ?? 0)"),
      ])
    }
    show(table, isEmpty: list.items.isEmpty, "there is no service")
  }

  private func showInstances(of service: String, _ client: APIClient) async throws {
    let list = try await client.pages("instances") {
      .instances(of: service, tag: tag, status: status, after: $0)
    }
    guard !json else {
      let members = [("instances", JSON.array(list.items)), ("revision", list.revision)]
      print(JSON.object(members).line)
      return
    }
    var table = TextTable(InstanceRow.titles)
    for instance in list.items { table.append(InstanceRow.cells(instance)) }
    show(table, isEmpty: list.items.isEmpty, "no instance of \(service) is so")
  }

  private func show(_ table: TextTable, isEmpty: Bool, _ note: String) {
    guard !isEmpty else {
      StandardError.write(line: "rollcall: \(note)")
      return
    }
    for line in table.lines(withColours: Terminal.hasColours) { print(line) }
  }
}

/// An instance as a line of a table.
private enum InstanceRow {
  static let titles = [
    "ID", "STATUS", "ADDRESSES", "PORT", "PRIORITY", "WEIGHT", "TAGS", "EXPIRES",
  ]

  static func cells(_ instance: JSON) -> [TextTable.Cell] {
    func list(_ name: String) -> String {
      let texts = instance[name]?.items.compactMap(\.string) ?? []
      return texts.isEmpty ? "-" : texts.joined(separator: ",")
    }
    func number(_ name: String) -> String { instance[name]?.integer.map { "\($0)" } ?? "-" }
    let status = instance["status"]?.string ?? "-"
    return [
      .init(instance["id"]?.string ?? ""), .init(status, colour(of: status)),
      .init(list("addresses")), .init(number("port")), .init(number("priority")),
      .init(number("weight")), .init(list("tags")), .init(end(of: instance)),
    ]
  }

  private static func colour(of status: String) -> Colour? {
    switch status {
    case "passing": .green
    case "warning": .yellow
    case "critical", "expired": .red
    case "draining": .blue
    default: nil
    }
  }

  /// To the second: `2026-01-02T03:04:05Z`.
  private static func end(of instance: JSON) -> String {
    let end = instance["safe_at"]?.string ?? instance["expires_at"]?.string
    return end.map { $0.prefix { $0 != "." && $0 != "Z" } + "Z" } ?? "never"
  }
}
