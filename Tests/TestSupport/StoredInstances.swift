// All that a store holds, in one piece.

package import ServiceRegistry

extension RegistryStore {
  /// The instances of all slices.
  package func allInstances() async throws(StoreError) -> [Instance] {
    var all: [Instance] = []
    var slice = try await instances(after: nil)
    while let last = slice.last {
      all += slice
      slice = try await instances(after: last.key.service)
    }
    return all
  }
}
