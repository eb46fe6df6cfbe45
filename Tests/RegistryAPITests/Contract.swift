// The OpenAPI document as a tree.

import Yams

@testable import RegistryAPI

struct Contract {
  typealias Map = [String: Any]

  private struct NotAMap: Error {}

  let text: String
  private let root: Map

  init() throws {
    text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
    guard let root = try Yams.load(yaml: text) as? Map else { throw NotAMap() }
    self.root = root
  }

  var paths: [String: Map] { root["paths"] as? [String: Map] ?? [:] }

  func operation(_ path: String, _ method: String) -> Map? { paths[path]?[method] as? Map }

  /// The names of an operation's own parameters that stand there.
  func parameters(of operation: Map, in place: String) -> [String] {
    all(operation["parameters"]).filter { $0["in"] as? String == place }
      .compactMap { $0["name"] as? String }
  }

  /// - Parameter place: members with dots between them; after a path's method the name of a
  ///   parameter, or of a member of the body.
  func schema(at place: String) -> Map? {
    let parts = place.split(separator: ".").map(String.init)
    guard parts[0] == "paths" else {
      return parts.reduce(root as Map?) { map, part in (map?[part] as? Map).map(resolved) }
    }
    guard let operation = operation(parts[1], parts[2]) else { return nil }
    let parameter = all(operation["parameters"]).first { $0["name"] as? String == parts[3] }
    if let parameter { return parameter["schema"] as? Map }
    let content = (operation["requestBody"] as? Map)?["content"] as? [String: Map]
    let body = content?["application/json"]?["schema"] as? Map
    return (body?["properties"] as? Map)?[parts[3]] as? Map
  }

  private func all(_ list: Any?) -> [Map] {
    (list as? [Map] ?? []).map(resolved)
  }

  /// What a reference refers to.
  private func resolved(_ map: Map) -> Map {
    guard let reference = map["$ref"] as? String else { return map }
    let parts = reference.split(separator: "/").dropFirst().map(String.init)
    return parts.reduce(root as Map?) { map, part in map?[part] as? Map } ?? [:]
  }

  /// How large, long or many what the schema describes may be.
  static func range(of schema: Map) -> ClosedRange<Int>? {
    for (least, most) in [
      ("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"),
      ("minProperties", "maxProperties"),
    ] {
      guard let upper = schema[most] as? Int else { continue }
      return (schema[least] as? Int ?? 0)...upper
    }
    return nil
  }
}
