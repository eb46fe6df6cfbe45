"""Plants every mistake in a small tree and sees that its check, and no other, finds it."""

import os
import tempfile

WORD = "TO" + "DO"

PACKAGE = """// swift-tools-version: 6.2
import PackageDescription
// .target(name: "InAComment")
let package = Package(
  name: "sample",
  products: [.executable(name: "rollcall", targets: ["rollcall"])],
  targets: [
    .systemLibrary(name: "CLDNS", pkgConfig: "ldns"),
    .target(name: "DNSWire", swiftSettings: strict),
    .target(name: "DNSZone", dependencies: ["DNSWire"]),
    .target(name: "LDNS", dependencies: ["CLDNS", .target(name: "DNSWire")]),
    .target(name: "DNSTransport"),
    .target(name: "ServiceRegistry", dependencies: ["DNSZone"]),
    .target(name: "RollcallClient"),
    .executableTarget(
      name: "rollcall"),
  ]
)
"""

# Everything here only looks like a mistake.
DECOYS = r'''// A file that only looks wrong: fatalError( try! public #if
package import DNSWire

/* /* import Foundation */ } { try! x as! Y */
protocol Shape {
  init(text: String)
  var size: Int { get }
  func area() -> Int
  associatedtype Side: Hashable where Side == Int
}
struct Square: Shape {
  let words = "} \" { fatalError( \(names.map { "\($0) } public" }.count) //"
  let raw = #"""
    " } \#(size { "}" }) print( """ "
    """#
  let slash = #/ [{"] /#
  func `a sentence with { and "quotes"`() throws(Failure) -> (Int, [Int]) { self.init(text: "") }
  func == (left: Self, right: Self) -> Bool where Self == Self { true }
  func name(of closure: () -> Void = { }) { log.print("x"); object.public() }
}
'''


def lines(count, text="  x()"):
    return "\n".join([text] * count) + "\n"


# What is planted: (name of the check, path, text, line at which it must be found).
MISTAKES = [
    ("Swift files can be read", "Sources/DNSZone/A.swift", "// A.\nfunc f() { ( }\n", 2),
    ("Swift files can be read", "Sources/DNSZone/A.swift", '// A.\n\nlet a = "\n', 3),
    ("Swift files can be read", "Tests/T/A.swift", "// A.\nfunc f() {\n", 2),
    ("targets import only what stands above them", "Sources/LDNS/A.swift",
     "// A.\nimport DNSTransport\n", 2),
    ("targets import only what stands above them", "Sources/DNSWire/A.swift",
     "// A.\n\n@preconcurrency package import struct DNSZone.Zone\n", 3),
    ("targets import only what stands above them", "Sources/Unlisted/A.swift", "// A.\n", 1),
    ("the DNS half and the registry half are separate", "Sources/ServiceRegistry/A.swift",
     "// A.\nimport LDNS\n", 2),
    ("the DNS half and the registry half are separate", "Sources/ServiceRegistry/A.swift",
     "// A.\ninternal import DNSTransport\n", 2),
    ("the DNS half and the registry half are separate", "Sources/DNSTransport/A.swift",
     "// A.\nimport RegistryValues\n", 2),
    ("DNSWire and DNSZone use neither Foundation nor NIO", "Sources/DNSWire/A.swift",
     "// A.\nimport FoundationEssentials\n", 2),
    ("DNSWire and DNSZone use neither Foundation nor NIO", "Sources/DNSZone/A.swift",
     "// A.\nimport NIOCore\n", 2),
    ("'public' only in RollcallClient", "Sources/DNSZone/A.swift",
     "// A.\npublic struct A {}\n", 2),
    ("file length", "Sources/DNSZone/A.swift", "// A.\n" + lines(400, "let x = 1"), 401),
    ("file length", "Tests/T/A.swift", "// A.\n" + lines(600, "let x = 1"), 601),
    ("function length", "Sources/DNSZone/A.swift",
     "// A.\n\nfunc f(a: Int = { 1 }()) -> [Int] {\n" + lines(59) + "}\n", 3),
    ("function length", "Sources/DNSZone/A.swift",
     "// A.\nstruct S {\n  init?(a: Int)\n  {\n" + lines(58) + "  }\n}\n", 3),
    ("function length", "Sources/DNSZone/A.swift",
     "// A.\nstruct S {\n  var total: [Int: Int] {\n" + lines(59) + "  }\n}\n", 3),
    ("function length", "Sources/DNSZone/A.swift",
     "// A.\nstruct S {\n  deinit {\n" + lines(59) + "  }\n}\n", 3),
    ("function length", "Sources/DNSZone/A.swift",
     "// A.\nstruct S {\n  subscript<T>(a: T) -> T where T == Int {\n" + lines(59) + "}\n}\n", 3),
    ("function length", "Tests/T/A.swift",
     "// A.\n@Test func `it } holds`() {\n" + lines(59) + "}\n", 2),
    ("line length", "Sources/DNSZone/A.swift", "// A.\n// " + "x" * 98 + "\n", 2),
    ("line length", "tools/tool", "#!/bin/sh\n# " + "x" * 99 + "\n", 2),
    ("every Swift file says what it is", "Sources/DNSZone/A.swift", "struct A {}\n", 1),
    ("every Swift file says what it is", "Tests/T/A.swift", "/// A.\nstruct A {}\n", 1),
    ("file names", "Sources/DNSZone/Helpers.swift", "// A.\n", 1),
    ("file names", "Sources/DNSZone/StringUtils.swift", "// A.\n", 1),
    ("file names", "Sources/DNSZone/Array+Extensions.swift", "// A.\n", 1),
    ("file names", "Tests/T/constants.swift", "// A.\n", 1),
    ("nothing left open", "Sources/DNSZone/A.swift", f"// A.\n// {WORD}: more\n", 2),
    ("nothing left open", "tools/tool", f"#!/bin/sh\n# {WORD}\n", 2),
    ("no forced try or cast, fatal error or print", "Sources/rollcall/A.swift",
     "// A.\nlet a = try! f()\n", 2),
    ("no forced try or cast, fatal error or print", "Sources/DNSZone/A.swift",
     "// A.\nlet a = b as! C\n", 2),
    ("no forced try or cast, fatal error or print", "Sources/DNSZone/A.swift",
     '// A.\nlet a = "\\(fatalError("x"))"\n', 2),
    ("no forced try or cast, fatal error or print", "Sources/DNSZone/A.swift",
     "// A.\nfunc f() { print(1) }\n", 2),
    ("no conditional compilation", "Sources/DNSZone/A.swift", "// A.\n#if DEBUG\n#endif\n", 2),
    ("no conditional compilation", "Sources/DNSZone/A.swift",
     "// A.\n@available(*, deprecated) struct A {}\n", 2),
    ("tests that the docs name are there", "docs/a.md", "# A\n\n`DNSTests`, `GoneTests`\n", 3),
    ("files that the docs quote are as quoted", "docs/a.md",
     "# A\n\n<!-- tools/b.conf -->\n```\nport 1\n```\n", 3),
    ("files that the docs quote are as quoted", "docs/a.md",
     "<!-- tools/gone.conf -->\n```yaml\nport 1\n```\n", 1),
    ("tests neither sleep nor skip", "Tests/T/A.swift",
     "// A.\n@Test(.disabled()) func f() {}\n", 2),
    ("tests neither sleep nor skip", "Tests/T/A.swift",
     "// A.\nfunc f() async throws { try await Task.sleep(for: .seconds(1)) }\n", 2),
    ("tests neither sleep nor skip", "Tests/T/A.swift", "// A.\nfunc f() { usleep(1) }\n", 2),
    ("tests neither sleep nor skip", "Tests/T/A.swift",
     "// A.\nfunc f() { Thread.sleep(forTimeInterval: 1) }\n", 2),
    ("tests neither sleep nor skip", "Tests/T/A.swift",
     "// A.\nfunc f() { #expect(true) }\n", 2),
    ("top of the repository", "scratch.txt", "x\n", 1),
]

SOUND = {
    "Package.swift": PACKAGE,
    "README.md": "x\n",
    ".gitignore": ".build\n",
    "Package.resolved": "{}\n",
    "Sources/DNSZone/Decoys.swift": DECOYS,
    "Sources/DNSZone/Long.swift": "// As long as it may be.\n" + lines(399, "let x = 1"),
    "Sources/DNSZone/LongFunction.swift": "// Long.\nfunc f() {\n" + lines(58) + "}\n",
    "Sources/DNSZone/Wide.swift": "// " + "é" * 97 + "\n",
    "Sources/DNSZone/EmptyFile.swift": "// Names may hold Helper inside: HelpersDesk.\n",
    "Sources/RollcallClient/Client.swift": "// The client.\npublic struct Client {}\n",
    "Sources/rollcall/Main.swift": "// The program.\nimport DNSTransport\nimport LDNS\nprint(1)\n",
    "tools/b.conf": "port 2\n",
    "docs/b.md": "# B\n\n<!-- tools/b.conf -->\n```\nport 2\n```\n",
    "Tests/T/Long.swift": "// As long as it may be.\n" + lines(599, "let x = 1"),
    "Tests/T/Bytes.bin": "\x00\x01",
}


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def run(check):
    broken = []
    with tempfile.TemporaryDirectory() as root:
        for path, text in SOUND.items():
            write(root, path, text)
        for name, places in check(root).items():
            broken += [f"{name}: found in a sound tree: {place}" for place in places]
        for name, path, text, line in MISTAKES:
            write(root, path, text)
            places = {found: places for found, places in check(root).items() if places}
            at = f"{path}:{line}: "
            if name not in places or not any(place.startswith(at) for place in places[name]):
                broken.append(f"{name}: not found at {at}{places.get(name, [])}")
            broken += [f"{other}: found for a mistake in {name}: {places[other]}"
                       for other in places if other != name]
            os.remove(os.path.join(root, path))
    print(f"{'FAILED' if broken else 'OK':6}  self-test: {len(MISTAKES)} planted mistakes")
    for text in broken:
        print(f"        {text}")
    return 1 if broken else 0
