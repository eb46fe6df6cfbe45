// The web page's files, which are part of the program.

import Crypto
import HTTPTypes
import Hummingbird
import NIOCore

/// A file of the page, by its path.
enum PageFile: String, CaseIterable {
  case index = "/"
  case icon = "/page/icon.svg"
  case style = "/page/page.css"
  case script = "/page/page.js"
  case api = "/page/api.js"
  case changes = "/page/changes.js"
  case details = "/page/details.js"
  case elements = "/page/elements.js"
  case eventStream = "/page/event-stream.js"
  case instances = "/page/instances.js"
  case lease = "/page/lease.js"
  case refresh = "/page/refresh.js"
  case services = "/page/services.js"
  case status = "/page/status.js"
  case theme = "/page/theme.js"
  case tokenDialog = "/page/token-dialog.js"

  private var octets: [UInt8] {
    switch self {
    case .index: PackageResources.index_html
    case .icon: PackageResources.icon_svg
    case .style: PackageResources.page_css
    case .script: PackageResources.page_js
    case .api: PackageResources.api_js
    case .changes: PackageResources.changes_js
    case .details: PackageResources.details_js
    case .elements: PackageResources.elements_js
    case .eventStream: PackageResources.event_stream_js
    case .instances: PackageResources.instances_js
    case .lease: PackageResources.lease_js
    case .refresh: PackageResources.refresh_js
    case .services: PackageResources.services_js
    case .status: PackageResources.status_js
    case .theme: PackageResources.theme_js
    case .tokenDialog: PackageResources.token_dialog_js
    }
  }

  private var mediaType: String {
    switch self {
    case .index: "text/html; charset=utf-8"
    case .icon: "image/svg+xml"
    case .style: "text/css; charset=utf-8"
    default: "text/javascript; charset=utf-8"
    }
  }
}

extension PageFile {
  private struct Body {
    let buffer: ByteBuffer
    /// The beginning of its digest: another file has another, so a browser asks and an upgrade
    /// shows at once.
    let tag: UInt64
  }

  private static let bodies = Dictionary(
    uniqueKeysWithValues: allCases.map { file in
      let tag = SHA256.hash(data: file.octets).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
      return (file, Body(buffer: ByteBuffer(bytes: file.octets), tag: tag))
    })

  /// The page runs its own scripts and styles and speaks to this server, and nothing else: what an
  /// instance says of itself stays text even where the page should have a mistake.
  private static let contentPolicy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'
    """

  /// `GET /` and the files that it names
  func response(to request: Request) throws -> Response {
    guard let body = Self.bodies[self] else { throw Problem.unknownPath(rawValue) }
    var headers: HTTPFields = [
      .cacheControl: "no-cache", .eTag: EntityTag.text(body.tag),
      .contentSecurityPolicy: Self.contentPolicy, .xContentTypeOptions: "nosniff",
    ]
    headers[.referrerPolicy] = "no-referrer"
    headers[.crossOriginOpenerPolicy] = "same-origin"
    headers[.crossOriginResourcePolicy] = "same-origin"
    guard try !request.isKnown(body.tag) else {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = mediaType
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body.buffer))
  }
}

extension HTTPField.Name {
  fileprivate static let referrerPolicy = Self("Referrer-Policy")!
  fileprivate static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
}
