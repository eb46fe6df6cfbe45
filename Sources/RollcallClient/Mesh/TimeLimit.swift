// An operation that ends in time.

/// Runs the operation, and cancels it when the time is over; returns when it has ended, so that
/// nothing of it goes on.
///
/// - Returns: nil if the time was over first.
func within<Value: Sendable>(
  _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await operation() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    return try await group.next() ?? nil
  }
}
