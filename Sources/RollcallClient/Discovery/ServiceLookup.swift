// Finds a service's instances: SRV records, then the addresses of their targets.

import DNSClient
import DNSWire

struct ServiceLookup: Sendable {
  /// Targets that are asked for at once, each from a socket of its own.
  static let questionLimit = 8
  /// Seconds for which an answer is kept in which instances are missing.
  private static let partialTTL: UInt32 = 1

  private typealias Found = Result<[(DomainName, Reply)], RollcallError>

  let resolver: StubResolver
  let prefersV6: Bool

  /// Instances whose addresses no server tells are left out, as long as there is one other.
  ///
  /// - Parameter whenFailing: called when the first server has failed.
  /// - Throws: what each server did instead of answering.
  func find(
    _ name: DomainName, whenFailing: @escaping @Sendable () -> Void
  ) async throws(RollcallError) -> ServiceAnswer {
    let question = DNSQuestion(name: name, type: .srv)
    let reply = try await ask(question, whenFailing)
    var records = ServiceRecords(reply, of: name, prefersV6: prefersV6)
    var failure: RollcallError?
    for result in await addresses(of: records.unresolved, whenFailing) {
      do throws(RollcallError) {
        for (target, reply) in try result.get() { records.resolve(target, reply) }
      } catch {
        failure = error
      }
    }
    var answer = records.answer
    guard let failure else { return answer }
    // One instance whose addresses can't be had is not to hide the others.
    guard answer.content != .instances([]) else { throw failure }
    answer.ttl = min(answer.ttl, Self.partialTTL)
    return answer
  }

  /// The additional section has no addresses of targets where they would not fit in a datagram, or
  /// where another server is responsible for them.
  private func addresses(
    of targets: [DomainName], _ whenFailing: @escaping @Sendable () -> Void
  ) async -> [Found] {
    await withTaskGroup(of: Found.self) { group in
      var results: [Found] = []
      for (number, target) in targets.enumerated() {
        if number >= Self.questionLimit, let result = await group.next() { results.append(result) }
        group.addTask {
          do throws(RollcallError) {
            return .success(try await addresses(of: target, whenFailing))
          } catch {
            return .failure(error)
          }
        }
      }
      for await result in group { results.append(result) }
      return results
    }
  }

  /// The family that is not preferred is asked for where the other has nothing.
  private func addresses(
    of target: DomainName, _ whenFailing: () -> Void
  ) async throws(RollcallError) -> [(DomainName, Reply)] {
    var replies: [(DomainName, Reply)] = []
    for type: RecordType in prefersV6 ? [.aaaa, .a] : [.a, .aaaa] {
      let question = DNSQuestion(name: target, type: type)
      let reply = try await ask(question, whenFailing)
      replies.append((target, reply))
      if reply.answer.contains(where: { $0.type == type }) { break }
    }
    return replies
  }

  private func ask(
    _ question: DNSQuestion, _ whenFailing: () -> Void
  ) async throws(RollcallError) -> Reply {
    do throws(StubResolver.Failure) {
      return try await resolver.ask(question, whenFailing: whenFailing)
    } catch {
      throw RollcallError(.noAnswer, error.description)
    }
  }
}
