// What happened at a server, as its event stream tells it.

package import JSONText
import RollcallClient

/// One event.
package struct ServerEvent: Sendable {
  /// Nil for what is no change, at which no stream can be resumed.
  package let id: String?
  /// Such as `registered`.
  package let kind: String
  package let data: JSON

  init(_ event: StreamEvent) throws(RollcallError) {
    (id, kind) = (event.id, event.kind)
    do throws(JSONError) {
      data = try JSON(text: Array(event.data.utf8))
    } catch {
      throw RollcallError(
        .unreadable, "the server sends no events that can be read: \(error.reason)")
    }
  }
}
