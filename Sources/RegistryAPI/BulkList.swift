// The items of a bulk body, and the list of what became of them.

import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import ServiceRegistry

/// What is wanted for one instance.
struct BulkItem<Value> {
  let key: InstanceKey
  let value: Value
}

/// A bulk body's items, and the problems in the places of those that can't be carried out.
struct BulkList<Value> {
  private(set) var items: [BulkItem<Value>] = []
  /// In order of place.
  private var refusals: [Refusal] = []

  private struct Refusal {
    let place: Int
    let service: String?
    let id: String?
    let problem: Problem
  }

  /// - Throws: `JSONFault` when there are too many elements.
  fileprivate init(
    _ elements: JSONElements, of name: String,
    _ read: (JSONValue, inout BulkReader) throws -> BulkItem<Value>
  ) throws {
    let count = elements.count
    guard count <= APILimits.bulkItems else {
      throw JSONFault(
        name, "has more than \(APILimits.bulkItems) items", limit: APILimits.bulkItems)
    }
    items.reserveCapacity(count)
    var reader = BulkReader()
    for (place, element) in elements.enumerated() {
      do {
        items.append(try read(element, &reader))
      } catch let fault as JSONFault {
        refuse(element, place, Problem(fault))
      } catch let error as RegistryError {
        refuse(element, place, Problem(error))
      } catch let problem as Problem {
        refuse(element, place, problem)
      }
    }
  }

  private mutating func refuse(_ element: JSONValue, _ place: Int, _ problem: Problem) {
    func text(_ name: String) -> String? {
      element.members?.first { $0.name.string == name }?.value.string
    }
    refusals.append(
      Refusal(place: place, service: text("service"), id: text("id"), problem: problem))
  }

  /// 200 with one result for each element, in order.
  ///
  /// - Parameters:
  ///   - replies: one for each of ``items``.
  ///   - append: adds the result of an item that was carried out.
  func response<Reply>(
    _ replies: [Result<Reply, RegistryError>],
    _ append: (BulkItem<Value>, Reply, inout BulkResults) -> Void
  ) -> Response {
    var results = BulkResults(count: items.count + refusals.count)
    var refusals = refusals[...]
    func appendRefusals() {
      while let refusal = refusals.first, refusal.place == results.count {
        results.append(service: refusal.service, id: refusal.id, refusal.problem)
        refusals.removeFirst()
      }
    }
    for (item, reply) in zip(items, replies) {
      appendRefusals()
      switch reply {
      case .success(let reply): append(item, reply, &results)
      case .failure(let error):
        results.append(
          service: item.key.service.text, id: item.key.id.text, Problem(error, of: item.key))
      }
    }
    appendRefusals()
    return results.response
  }
}

extension Request {
  enum BulkName: String, CaseIterable {
    case instances, renewals
  }

  /// The list that the body has under `name`, which must be its only member.
  ///
  /// - Parameter read: makes an item of an element; throws `JSONFault`, `RegistryError` or
  ///   ``Problem`` for one that is to be refused.
  func bulkList<Value>(
    _ name: BulkName, sharing room: BodyRoom.Share,
    _ read: (JSONValue, inout BulkReader) throws -> BulkItem<Value>
  ) async throws -> BulkList<Value> {
    let others = BulkName.allCases.filter { $0 != name }
    let list = try await json(upTo: APILimits.bulkBodyLength, sharing: room) { body in
      guard let list = try JSONFields<BulkName>(body, except: others)[name] else {
        throw JSONFault(name.rawValue, "is missing")
      }
      guard let elements = list.elements else {
        throw JSONFault(name.rawValue, "must be an array")
      }
      return try BulkList(elements, of: name.rawValue, read)
    }
    guard let list else { throw Problem.emptyBody }
    return list
  }
}

/// The reply to a bulk call, as it is put together.
struct BulkResults {
  private(set) var count = 0
  private var json = JSONWriter()

  /// Octets of a result, about.
  private static let resultLength = 80

  fileprivate init(count: Int) {
    json.reserveCapacity(count * Self.resultLength)
    json.append(verbatim: #"{"results":["#)
  }

  mutating func append(
    _ key: InstanceKey, status: HTTPResponse.Status, _ revision: UInt64, warnings: [String]
  ) {
    begin()
    json.append(verbatim: #"{"service":"#)
    json.append(key.service.text)
    json.append(verbatim: #","id":"#)
    json.append(key.id.text)
    json.append(verbatim: #","status":"#)
    json.append(status.code)
    json.append(verbatim: #","revision":"#)
    json.append(Int(revision))
    if !warnings.isEmpty {
      json.append(verbatim: #","warnings":"#)
      json.append(.array(warnings.map(JSON.string)))
    }
    json.append(verbatim: "}")
  }

  mutating func append(service: String?, id: String?, _ problem: Problem) {
    begin()
    json.append(
      .object([
        ("service", .text(service)), ("id", .text(id)), ("status", .integer(problem.status.code)),
        ("problem", problem.json),
      ]))
  }

  private mutating func begin() {
    if count > 0 { json.append(verbatim: ",") }
    count += 1
  }

  fileprivate var response: Response {
    var json = json
    json.append(verbatim: "]}\n")
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.octets)))
  }
}
