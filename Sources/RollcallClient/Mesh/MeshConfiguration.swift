// The settings of a mesh.

public import CoreMetrics
public import Logging

/// How a mesh balances, retries, ejects and reports.
public struct MeshConfiguration: Sendable {
  /// The limits of calls that bring none of their own.
  public var limits = CallLimits()
  /// How the instance for a call is chosen.
  public var balancing = Balancing.roundRobin
  /// When calls are tried again.
  public var retry = RetrySettings()
  /// When instances that fail get no calls.
  public var ejection = EjectionSettings()
  /// Octets of a response's body.
  public var longestBody = 1 << 20
  /// Connections to one instance; further requests wait for one.
  public var connectionsPerInstance = 100
  /// Services that are called; beyond it, what is known of the one called longest ago is forgotten.
  public var mostServices = 1_000
  /// Where ejections and returns are told.
  public var logger = Logger(label: "rollcall.mesh") { _ in SwiftLogNoOpLogHandler() }
  /// Where counters go; nil: where the application's metrics go.
  public var metrics: (any MetricsFactory)?

  /// Makes the default settings.
  public init() {}

  package func check() throws(MeshError) {
    try limits.check()
    try retry.check()
    try ejection.check()
    try MeshError.check(longestBody >= 0, "longestBody must be at least 0")
    try MeshError.check(connectionsPerInstance > 0, "connectionsPerInstance must be at least 1")
    try MeshError.check(mostServices > 0, "mostServices must be at least 1")
  }
}
