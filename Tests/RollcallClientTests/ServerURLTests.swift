// Which texts name a server.

import RollcallClient
import Testing

@Suite("The URL of a server")
struct ServerURLTests {
  @Test(
    "Scheme, host and port are read",
    arguments: [
      ("http://127.0.0.1:8053", "http://127.0.0.1:8053"),
      ("HTTPS://rollcall.example:1/", "https://rollcall.example:1"),
      ("http://[::1]:8053", "http://[::1]:8053"), ("https://[fd00::1]", "https://[fd00::1]:443"),
      ("http://localhost", "http://localhost:80"),
    ])
  func reading(text: String, url: String) throws {
    #expect(try ServerURL(text).description == url)
  }

  @Test(
    "Whatever else there is, is refused",
    arguments: [
      "", "127.0.0.1:8053", "ftp://a", "http://", "http://:80", "http://a:", "http://a:0",
      "http://a:65536", "http://a:b", "http://a/v1", "http://u:p@a", "http://a?b", "http://a b",
      "http://::1", "http://[::1", "http://[127.0.0.1]:80",
    ])
  func refusal(text: String) throws {
    let error = try #require(throws: RollcallError.self) { try ServerURL(text) }
    #expect(error.kind == .setting && error.description.contains("'\(text)'"))
  }

  @Test("What stays on the machine is known")
  func loopback() throws {
    for text in ["http://127.9.9.9:1", "http://[::1]:1", "http://LocalHost:1"] {
      #expect(try ServerURL(text).isLoopback)
    }
    for text in ["http://10.0.0.1:1", "http://127.0.0.1.example:1", "http://[fd00::1]:1"] {
      #expect(try !ServerURL(text).isLoopback)
    }
  }
}
