// Lines of the log as programs read them.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("The log")
  struct Log {
    /// Would end a line, close a string, or have a terminal do something.
    private static let forgery =
      "\r\n{\"level\":\"error\"}\u{1B}[2J\u{9B}\u{7}\u{2028}\u{202E}\\\" a=b"

    @Test("With --log-format json each line is one object, whatever clients and files say")
    func json() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.broken, to: "zones/broken.org.zone")
        try site.write("\(Self.forgery)\n", to: "zones/a\(Self.forgery.filter { $0 != "/" }).zone")
        let server = try await site.startServer(
          ["--log-format", "json", "--log-level", "trace"],
          environment: ["ROLLCALL_X\(Self.forgery.replacing("=", with: ""))": "1"])
        try await server.registerThree()
        _ = try await server.curl("GET", "/%0D%0A%7B%1B%5B2J")
        _ = try await server.curl("GET", "/v1/services/%22,%22level%22:%22error")
        _ = try await server.dig("web.mesh.internal", "A")
        server.child.send(SIGTERM)
        #expect(try await server.child.waitForEnd() == .exit(0))
        let lines = server.log.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count > 8 && lines.last == "")
        for line in lines.dropLast() { try check(String(line)) }
        #expect(server.log.contains("broken.org.zone:4: "))
        let log = server.log.lowercased()
        #expect(log.contains(#"\u202e"#) && log.contains(#"\u001b[2j"#))
      }
    }

    /// Throws where `line` is no object of strings that begins with the fixed members, in order.
    private func check(_ line: String) throws {
      let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
      #expect(line.hasPrefix(#"{"time":""#), "\(line)")
      let members = line.matches(of: /\x22((?:[^\x22\\]|\\.)*)\x22:\x22(?:[^\x22\\]|\\.)*\x22/).map
      { String($0.1) }
      #expect(members.prefix(3) == ["time", "level", "message"], "\(line)")
      #expect(members.count == object.count, "a member twice: \(line)")
      let time = try #require(object["time"])
      #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line)")
      let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
      #expect(levels.contains(object["level"] ?? ""), "\(line)")
      #expect(
        line.unicodeScalars.allSatisfy {
          ![.control, .format, .lineSeparator, .paragraphSeparator].contains(
            $0.properties.generalCategory)
        }, "\(line)")
    }

    @Test("docs/monitoring.md has each field that the program's lines have, and no other")
    func fields() throws {
      let sources = Repository.path("Sources")
      let files = try #require(FileManager.default.enumerator(atPath: sources))
      var written: Set<String> = []
      // What the client library logs is its application's.
      for case let file as String in files
      where file.hasSuffix(".swift") && !file.hasPrefix("RollcallClient/") {
        let text = Site.text(of: "\(sources)/\(file)")
        for call in text.matches(of: /metadata: \[\s*(?s:.*?)\]\x29/) {
          written.formUnion(
            call.0.matches(of: /\x22([^\x22\\ ]+)\x22: (?:\x22|\.init)/).map { String($0.1) })
        }
        guard text.contains("Logger.Metadata") else { continue }
        written.formUnion(text.matches(of: /\w\[\x22(\w+)\x22\] =/).map { String($0.1) })
        for line in text.matches(of: /Logger\.Metadata = \[\s*(?s:.*?)\n    \]/) {
          written.formUnion(line.0.matches(of: /\x22(\w+)\x22:/).map { String($0.1) })
        }
      }
      let docs = Site.text(of: Repository.path("docs/monitoring.md"))
      var told: Set<String> = []
      for table in docs.matches(of: /\n\| field \| .*\n\| ---.*\n((?:\|.*\n)+)/) {
        for row in table.1.split(separator: "\n") {
          let names = row.split(separator: "|")[0]
          told.formUnion(names.matches(of: /`(\w+)`/).map { String($0.1) })
        }
      }
      #expect(told.subtracting(["time", "level", "message"]) == written)
    }
  }
}
