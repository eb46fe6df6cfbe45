// What an endpoint says when little is given.

import RollcallClient
import Testing

@Suite("An endpoint")
struct EndpointTests {
  @Test("has weight 1 and priority 0 unless told otherwise, as a registration has")
  func defaults() {
    let endpoint = Endpoint(address: "10.0.0.1", port: 8080, host: "web-1.web.mesh.internal")
    #expect(endpoint.weight == 1)
    #expect(endpoint.priority == 0)
  }
}
