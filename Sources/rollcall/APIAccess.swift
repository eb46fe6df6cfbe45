// What lets requests into the HTTP API: tokens and certificates, from files.

import Glibc
import Logging
import RegistryAPI

/// Read at start, and again on SIGHUP.
struct APIAccess {
  private let settings: AccessSettings
  private let logger: Logger
  let control: AccessControl
  let tls: TLSCredentials?

  /// - Throws: file and reason for what is not right.
  init(_ settings: Settings, _ logger: Logger) throws {
    self.settings = settings.access
    self.logger = logger
    control = AccessControl(
      tokens: try self.settings.tokens.map { try TokensFile(path: $0).read() },
      allowedHosts: settings.allowedHosts)
    tls = try self.settings.readTLSFiles().map { try TLSCredentials($0) }
    warnIfExpired()
  }

  /// What is not right stays as it was.
  func reload() {
    do {
      if let path = settings.tokens {
        control.replaceTokens(try TokensFile(path: path).read())
        logger.notice("tokens reloaded", metadata: ["count": "\(control.tokenCount)"])
      }
    } catch {
      logger.error(
        "tokens not reloaded, those before stay valid", metadata: ["reason": "\(error)"])
    }
    do {
      if let tls, let files = try settings.readTLSFiles() {
        try tls.replace(with: files)
        logger.notice("certificate reloaded")
        warnIfExpired()
      }
    } catch {
      logger.error(
        "certificate not reloaded, that before stays in use", metadata: ["reason": "\(error)"])
    }
  }

  private func warnIfExpired() {
    guard let tls, tls.expiresAt <= time(nil) else { return }
    logger.warning("the API's certificate has expired")
  }
}

extension AccessSettings {
  fileprivate func readTLSFiles() throws(SettingError) -> TLSCredentials.Files? {
    guard let certificate, let key else { return nil }
    return TLSCredentials.Files(
      certificate: try pem(certificate), key: try pem(key),
      clientCA: try clientCA.map(pem))
  }

  private func pem(_ path: String) throws(SettingError) -> TLSCredentials.File {
    TLSCredentials.File(path: path, octets: try SmallFile.read(path).octets)
  }
}
