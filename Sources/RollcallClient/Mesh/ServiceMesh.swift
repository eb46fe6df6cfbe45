// The other half of discovery: pick an instance, call it, give up in time, try the next.

public import ServiceLifecycle

/// Calls services by name. Each call takes the next instance in turn; what fails is tried again at
/// another one where that is safe, within a deadline and a budget; and instances that keep failing
/// get no calls for a while.
///
/// A mesh can be used at once and from any task. It has to be run only if services were added to
/// it: it is a `Service` of swift-service-lifecycle, which keeps them registered while it runs.
public final class ServiceMesh: Service {
  /// The field by which an instance learns who calls it.
  public static let callerHeader = "Rollcall-Caller"
  /// Octets of a service's name, the caller's too.
  public static let longestName = 200

  private let directory: any ServiceDirectory
  private let limits: CallLimits
  private let callees: CalleeTable
  private let http: HTTPTries
  private let services: MeshServices

  /// Makes a mesh.
  ///
  /// - Parameter directory: who says which instances a service has; it is asked for each try, so
  ///   it should remember what it knows. When it throws, the instances that it told of before are
  ///   called on, unless that is a ``RollcallError`` of kind `serviceUnknown` or `noAnswer`.
  public init(
    directory: any ServiceDirectory, configuration: MeshConfiguration = MeshConfiguration()
  ) throws(MeshError) {
    try configuration.check()
    self.directory = directory
    limits = configuration.limits
    callees = CalleeTable(configuration)
    http = HTTPTries(configuration)
    services = MeshServices()
  }

  /// Adds a service of this process, a registration for example: it runs while the mesh runs, from
  /// now on if the mesh does already.
  public func addService(_ service: any Service) throws(MeshError) {
    try services.add(service)
  }

  /// Runs the services that were added, until the graceful shutdown, and returns when they have
  /// ended. Can be run once.
  ///
  /// - Throws: what one of them throws.
  public func run() async throws {
    try await services.run()
  }

  /// Sends an HTTP request to an instance of a service.
  ///
  /// It is tried again at another instance when the request could not be sent; when it is
  /// repeatable, also when no reply came in time, the connection was lost, or the reply was 502,
  /// 503 or 504. Redirections are not followed.
  ///
  /// - Parameters:
  ///   - caller: the service that calls, which the instance finds in ``callerHeader``.
  ///   - callee: the service that is called, as the directory knows it.
  ///   - limits: nil: those of the configuration.
  /// - Returns: the response, whatever its status; a 502, 503 or 504 if the last try brought one.
  /// - Throws: why there is no response. The task's cancellation ends the try that is under way.
  public func call(
    from caller: String, to callee: String, _ request: MeshRequest = MeshRequest(),
    limits: CallLimits? = nil
  ) async throws(MeshError) -> MeshResponse {
    try Self.checkName(caller, "caller")
    try request.check()
    let http = http
    let run = try run(to: callee, limits, isRepeatable: request.isRepeatable) { endpoint, limit in
      try await http.send(request, from: caller, to: endpoint, limit: limit)
    }
    let outcome = try await run.perform()
    var response = outcome.value
    response.tries = outcome.tries
    return response
  }

  /// Carries out an operation with an instance of a service, over whatever protocol.
  ///
  /// What the operation throws counts against the instance; an answer that says no is to be
  /// returned instead. When the time of a try is over, the operation's task is cancelled, and the
  /// call goes on when the operation has ended.
  ///
  /// - Parameters:
  ///   - callee: the service that is called, as the directory knows it.
  ///   - isRepeatable: whether the operation may be carried out twice. If not, it is tried again
  ///     only after it has thrown ``RequestNotSent``.
  ///   - limits: nil: those of the configuration.
  /// - Throws: why no try succeeded; what the operation threw last is its `underlying`.
  public func call<Value: Sendable>(
    to callee: String, isRepeatable: Bool = false, limits: CallLimits? = nil,
    _ operation: @escaping @Sendable (Endpoint) async throws -> Value
  ) async throws(MeshError) -> Value {
    let run = try run(to: callee, limits, isRepeatable: isRepeatable) { endpoint, _ in
      .done(try await operation(endpoint))
    }
    return try await run.perform().value
  }

  /// Those that are not ejected, in no order that means anything.
  package func instancesInUse(of service: String) -> [Endpoint] {
    callees.callee(service).instancesInUse
  }

  private func run<Value: Sendable>(
    to callee: String, _ limits: CallLimits?, isRepeatable: Bool,
    operation: @escaping CallRun<Value>.Operation
  ) throws(MeshError) -> CallRun<Value> {
    try Self.checkName(callee, "callee")
    try limits?.check()
    return CallRun(
      callees.callee(callee), directory, limits ?? self.limits, isRepeatable: isRepeatable,
      operation: operation)
  }

  /// The directory knows best which names are right; here they must be fit for a header.
  private static func checkName(_ name: String, _ role: String) throws(MeshError) {
    try MeshError.check(
      (1...longestName).contains(name.utf8.count)
        && name.utf8.allSatisfy { (0x21...0x7E).contains($0) },
      "the \(role)'s name must be 1 to \(longestName) visible ASCII characters")
  }
}
