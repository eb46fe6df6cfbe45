// Certificates that a test makes.

import TestSupport

extension Site {
  /// Makes a certificate authority `NAME.pem`, or what one has signed for this machine, and its
  /// `NAME.key`.
  func makeCertificate(_ name: String, signedBy ca: String? = nil) async throws {
    let signing = ca.map { ["-CA", "\($0).pem", "-CAkey", "\($0).key"] } ?? []
    let purpose =
      ca == nil
      ? ["basicConstraints=critical,CA:TRUE"]
      : ["subjectAltName=IP:127.0.0.1,DNS:localhost"]
    let output = try await run(
      ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", "\(name).key"]
        + ["-out", "\(name).pem"] + signing + purpose.flatMap { ["-addext", $0] })
    guard output.isSuccess else { throw Failure("openssl: \(output.errors)") }
  }
}
