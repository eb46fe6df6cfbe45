// Who may reach the HTTP API, and how.

import DNSTransport

/// The settings about it, as far as they can be judged without reading the files that they name.
struct AccessSettings {
  var tokens: String?
  var certificate: String?
  var key: String?
  var clientCA: String?
  /// Lets tokens and registrations cross a network readable.
  var allowsPlaintext: Bool
  /// Lets everybody who reaches the API change everything.
  var allowsAnonymous: Bool

  /// The settings must not contradict one another, and no listener be open to other machines by
  /// oversight.
  func check(listeners: [ListenAddress]) throws(SettingError) {
    try checkTogether()
    let missing = [
      certificate == nil && !allowsPlaintext
        ? "set tls_certificate and tls_key, or allow_plaintext: true, which lets tokens and"
          + " registrations cross the network readable" : nil,
      tokens == nil && !allowsAnonymous
        ? "set tokens, or allow_anonymous: true, which lets everybody who reaches it change"
          + " everything" : nil,
    ].compactMap(\.self)
    guard !missing.isEmpty, let open = listeners.first(where: { !$0.isLoopback }) else { return }
    throw SettingError(
      .http, "\(open)", "is not a loopback address: " + missing.joined(separator: "; and "))
  }

  private func checkTogether() throws(SettingError) {
    let contradictions: [(Bool, SettingKey, String)] = [
      (certificate != nil && key == nil, .tlsCertificate, "needs tls_key"),
      (key != nil && certificate == nil, .tlsKey, "needs tls_certificate"),
      (clientCA != nil && certificate == nil, .tlsClientCA, "needs tls_certificate and tls_key"),
      (
        allowsPlaintext && certificate != nil, .allowPlaintext,
        "contradicts tls_certificate, with which every HTTP listener speaks TLS"
      ),
      (
        allowsAnonymous && tokens != nil, .allowAnonymous,
        "contradicts tokens, with which every call needs one"
      ),
    ]
    for (isWrong, key, reason) in contradictions where isWrong {
      throw SettingError("setting \(key.rawValue): \(reason)")
    }
  }
}
