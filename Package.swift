// swift-tools-version: 6.2
import PackageDescription

// Targets stand from low to high: a target imports only what stands above it in this list.
// docs/architecture.md says what each one is for.

let package = Package(
  name: "rollcall",
  products: [
    .executable(name: "rollcall", targets: ["rollcall"]),
    .library(name: "RollcallClient", targets: ["RollcallClient"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CLDNS", pkgConfig: "ldns", providers: [.apt(["libldns-dev"])]),
    .systemLibrary(name: "CFstrm", pkgConfig: "libfstrm", providers: [.apt(["libfstrm-dev"])]),
    .target(name: "CLinuxSockets"),
    .target(name: "CLinuxPrivileges"),
    .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "DNSWire", swiftSettings: strict),
    .target(name: "CPrefetch"),
    .target(name: "DNSZone", dependencies: ["CPrefetch", "DNSWire"], swiftSettings: strict),
    .target(name: "LDNS", dependencies: ["CLDNS", "DNSWire"], swiftSettings: strict),
    .target(
      name: "DNSTransport",
      dependencies: ["CLinuxSockets", "DNSWire", .nioCore, .nioPosix, .logging],
      swiftSettings: strict),
    .target(
      name: "QueryLog", dependencies: ["CFstrm", "DNSWire", "DNSTransport", .deque, .logging],
      swiftSettings: strict),
    .target(name: "JSONText", dependencies: ["CSimdJSON"], swiftSettings: strict),
    .target(
      name: "ServiceRegistry",
      dependencies: ["DNSWire", "DNSZone", .deque, .heap, .logging],
      swiftSettings: strict),
    .target(
      name: "RegistryStorage",
      dependencies: [
        "DNSWire", "JSONText", "ServiceRegistry", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .target(
      name: "RegistryAPI",
      dependencies: [
        "DNSWire", "DNSZone", "JSONText", "ServiceRegistry", .hummingbird, .logging, .metrics,
        .nioCore, .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .nioSSL,
        .serviceLifecycle,
      ],
      resources: [.embedInCode("Page"), .embedInCode("openapi.yaml")],
      swiftSettings: strict),
    .target(
      name: "DNSClient", dependencies: ["DNSWire", .nioCore, .nioPosix], swiftSettings: strict),
    .target(
      name: "DNSForwarding",
      dependencies: ["DNSClient", "DNSTransport", "DNSWire", "DNSZone", .logging],
      swiftSettings: strict),
    // The library that applications link, and the only target with a public interface.
    .target(
      name: "RollcallClient",
      dependencies: [
        "DNSClient", "DNSWire", .asyncHTTPClient, .logging, .metrics, .nioCore, .nioHTTP1,
        .nioPosix, .nioSSL, .serviceLifecycle, .tracing,
      ],
      swiftSettings: strict),
    .target(
      name: "APIClient",
      dependencies: [
        "JSONText", "RollcallClient", .asyncHTTPClient, .nioCore,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "rollcall",
      dependencies: [
        "CLinuxPrivileges", "DNSWire", "DNSZone", "LDNS", "DNSTransport", "ServiceRegistry",
        "DNSClient", "DNSForwarding", "QueryLog", "JSONText", "RegistryStorage", "RegistryAPI",
        "RollcallClient", "APIClient", .logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
        .serviceLifecycle,
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"), .yams,
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["DNSWire", "DNSZone", "ServiceRegistry", .logging],
      path: "Tests/TestSupport", swiftSettings: strict),
    // What is fuzzed: by `tools/fuzz` with libFuzzer, whose main function FuzzDriver is built for,
    // and by FuzzReplayTests with the inputs in Tests/Corpus. In other builds FuzzDriver is an
    // empty program, so that the manifest needs no condition.
    .target(
      name: "FuzzTargets", dependencies: ["CLDNS", "DNSWire", "DNSZone", "LDNS", "TestSupport"],
      path: "Tests/FuzzTargets", swiftSettings: strict),
    .executableTarget(
      name: "FuzzDriver", dependencies: ["FuzzTargets"], path: "Tests/FuzzDriver",
      swiftSettings: strict),
    // What `tools/checks/instructions` and `tools/bench` run.
    .executableTarget(
      name: "AnswerDriver", dependencies: ["DNSWire", "DNSZone", "TestSupport"],
      path: "Tests/AnswerDriver", swiftSettings: strict),
    // Random histories of a registry with its promises as invariants: what `tools/simulate` runs,
    // and a part of it in each test run.
    .target(
      name: "Simulation", dependencies: ["DNSWire", "ServiceRegistry", "TestSupport"],
      path: "Tests/Simulation", swiftSettings: strict),
    .executableTarget(
      name: "SimulationDriver", dependencies: ["Simulation", "TestSupport"],
      path: "Tests/SimulationDriver", swiftSettings: strict),
    // The promises of a mesh amid instances that fail: what `tools/mesh` tries, in virtual time and
    // on loopback, and the test runs try for a shorter time.
    .target(
      name: "MeshTrial",
      dependencies: [
        "RollcallClient", "TestSupport", .heap, .metricsTestKit, .nioCore, .nioHTTP1, .nioPosix,
      ],
      path: "Tests/MeshTrial", swiftSettings: strict),
    .executableTarget(
      name: "MeshDriver", dependencies: ["MeshTrial", "TestSupport"], path: "Tests/MeshDriver",
      swiftSettings: strict),
    .testTarget(
      name: "FuzzReplayTests", dependencies: ["DNSWire", "FuzzTargets", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "DNSWireTests", dependencies: ["DNSWire", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "DNSZoneTests", dependencies: ["DNSWire", "DNSZone", "FuzzTargets", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "LDNSTests", dependencies: ["DNSWire", "LDNS"], swiftSettings: strict),
    .testTarget(name: "JSONTextTests", dependencies: ["JSONText"], swiftSettings: strict),
    .testTarget(
      name: "DNSTransportTests", dependencies: ["DNSTransport", .logging],
      swiftSettings: strict),
    .testTarget(
      name: "DNSForwardingTests",
      dependencies: [
        "DNSClient", "DNSForwarding", "DNSTransport", "DNSWire", "DNSZone", "TestSupport", .logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "QueryLogTests",
      dependencies: ["DNSTransport", "DNSWire", "QueryLog", "TestSupport", .logging],
      swiftSettings: strict),
    .testTarget(
      name: "ServiceRegistryTests",
      dependencies: ["DNSWire", "DNSZone", "ServiceRegistry", "Simulation", "TestSupport"],
      swiftSettings: strict),
    // A disk that fails as a test wants, between SQLite and the files.
    .target(
      name: "CFaultyVFS", path: "Tests/CFaultyVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
    .testTarget(
      name: "RegistryStorageTests",
      dependencies: [
        "CFaultyVFS", "DNSWire", "DNSZone", "ServiceRegistry", "RegistryStorage", "TestSupport",
        .logging, .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RegistryAPITests",
      dependencies: [
        "DNSWire", "DNSZone", "LDNS", "ServiceRegistry", "RegistryAPI", "TestSupport",
        .hummingbird, .logging, .metrics, .nioCore, .yams,
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .serviceLifecycle,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "APIClientTests", dependencies: ["APIClient", "JSONText", "RollcallClient"],
      swiftSettings: strict),
    .testTarget(
      name: "RollcallClientTests",
      dependencies: [
        "DNSWire", "MeshTrial", "RollcallClient", "TestSupport", .logging, .metrics,
        .metricsTestKit, .nioCore, .nioHTTP1, .nioPosix, .serviceLifecycle,
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"), .tracing,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "DNSWire", "RollcallClient", "TestSupport", "rollcall", .logging, .serviceLifecycle,
      ],
      swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx17
)

extension Target.Dependency {
  static var asyncHTTPClient: Self {
    .product(name: "AsyncHTTPClient", package: "async-http-client")
  }
  static var deque: Self { .product(name: "DequeModule", package: "swift-collections") }
  static var heap: Self { .product(name: "HeapModule", package: "swift-collections") }
  static var hummingbird: Self { .product(name: "Hummingbird", package: "hummingbird") }
  static var logging: Self { .product(name: "Logging", package: "swift-log") }
  static var metrics: Self { .product(name: "CoreMetrics", package: "swift-metrics") }
  static var metricsTestKit: Self {
    .product(name: "MetricsTestKit", package: "swift-metrics")
  }
  static var nioCore: Self { .product(name: "NIOCore", package: "swift-nio") }
  static var nioHTTP1: Self { .product(name: "NIOHTTP1", package: "swift-nio") }
  static var nioPosix: Self { .product(name: "NIOPosix", package: "swift-nio") }
  static var nioSSL: Self { .product(name: "NIOSSL", package: "swift-nio-ssl") }
  static var serviceLifecycle: Self {
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  }
  static var tracing: Self {
    .product(name: "Tracing", package: "swift-distributed-tracing")
  }
  static var yams: Self { .product(name: "Yams", package: "Yams") }
}

var strict: [SwiftSetting] {
  [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
