// Lists that come in pages.

package import JSONText
package import RollcallClient

/// All pages of a list together.
package struct APIPages {
  package var items: [JSON] = []
  package var first = JSON.null

  /// The service's when the first page was made: whoever waits for changes after it misses none.
  package var revision: JSON { first["revision"] ?? .null }
}

extension APIClient {
  /// - Parameters:
  ///   - member: which one of a page has the items.
  ///   - call: the call for the page after a cursor.
  package func pages(
    _ member: String, _ call: (_ cursor: String?) -> ServerCall
  ) async throws(RollcallError) -> APIPages {
    var list = APIPages()
    var cursor: String?
    repeat {
      let page = try await send(call(cursor))
      guard let items = page[member]?.items else {
        throw RollcallError(.unreadable, "\(connection.access.url) replied without '\(member)'")
      }
      if cursor == nil { list.first = page }
      list.items += items
      cursor = page["next_cursor"]?.string
    } while cursor != nil
    return list
  }
}
