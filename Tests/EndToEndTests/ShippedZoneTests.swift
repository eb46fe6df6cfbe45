// The zone files that come with the program, read by it and by others.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Shipped zone files")
  struct ShippedZoneFiles {
    private static let directory = Repository.path("zones")

    @Test("named-checkzone, another reader of master files, has no complaint about them")
    func namedCheckzone() async throws {
      try await withSite { site in
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory)
          .filter { $0.hasSuffix(".zone") }
        #expect(files.contains("mesh.internal.zone"))
        for file in files {
          let origin = String(file.dropLast(".zone".count))
          let output = try await site.run(
            ["named-checkzone", "-i", "local"]
              + ["-k", "-m", "-M", "-n", "-r", "-S", "-W"].flatMap { [$0, "fail"] }
              + [origin, "\(Self.directory)/\(file)"])
          #expect(output.isSuccess, "\(output.text)\(output.errors)")
          let lines = output.text.split(separator: "\n")
          #expect(lines.count == 2 && lines.last == "OK", "\(output.text)")
        }
      }
    }

    @Test("The server serves them without a warning, and says the same of them as named-checkzone")
    func served() async throws {
      try await withSite { site in
        let server = try await site.startServer(["--zones", Self.directory])
        #expect(!server.log.contains("warning zone") && !server.log.contains("error"))
        let compiled = try await site.run([
          "named-checkzone", "-q", "-D", "-o", "-", "infra.internal",
          "\(Self.directory)/infra.internal.zone",
        ])
        #expect(compiled.isSuccess)
        var compared = 0
        for line in compiled.text.split(separator: "\n").map(DigOutput.fields) {
          let fields = line.split(separator: " ").map(String.init)
          // What stands below a cut or a DNAME is not answered with authority.
          guard fields.count > 4, !fields[0].hasPrefix("*"), !fields[0].contains("lab.") else {
            continue
          }
          let reply = try await server.dig(fields[0], fields[3])
          #expect(reply.answer.contains(line), "\(line)\n\(reply.text)")
          compared += 1
        }
        #expect(compared > 25)
      }
    }
  }
}
