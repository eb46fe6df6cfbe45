// What libraries report, in /metrics.

import CoreMetrics
import Testing

@testable import RegistryAPI

@Suite("Metrics of libraries") struct LibraryMetricsTests {
  private let libraries = LibraryMetrics()

  private var lines: Set<Substring> {
    Set(Metric.text(of: libraries.metrics).split(separator: "\n"))
  }

  @Test("each kind of figure is there under a name that Prometheus allows")
  func kinds() {
    Counter(label: "hb.requests", dimensions: [("hb.uri", "/v1")], factory: libraries).increment()
    Counter(label: "hb.requests", dimensions: [("hb.uri", "/v1")], factory: libraries)
      .increment(by: 2)
    FloatingPointCounter(label: "cpu-time", factory: libraries).increment(by: 0.5)
    Gauge(label: "last", factory: libraries).record(7)
    let meter = Meter(label: "open ä", factory: libraries)
    meter.increment(by: 5)
    meter.decrement(by: 2)
    Recorder(label: "sizes", factory: libraries).record(300)
    Timer(label: "wait", factory: libraries).recordMilliseconds(2)
    let lines = lines
    #expect(lines.contains("# TYPE library_hb_requests_total counter"))
    #expect(lines.contains(#"library_hb_requests_total{hb_uri="/v1"} 3"#))
    #expect(lines.contains("library_cpu_time_total 0.5"))
    #expect(lines.contains("# TYPE library_last gauge") && lines.contains("library_last 7"))
    #expect(lines.contains("library_open__ 3"))
    #expect(lines.contains("# TYPE library_sizes histogram"))
    #expect(lines.contains("library_sizes_sum 300") && lines.contains("library_sizes_count 1"))
    #expect(lines.contains("library_wait_seconds_sum 0.002"))
    #expect(lines.contains(#"library_wait_seconds_bucket{le="0.004096"} 1"#))
    #expect(lines.contains(#"library_wait_seconds_bucket{le="0.001024"} 0"#))
    #expect(lines.contains("rollcall_library_series_refused_total 0"))
  }

  @Test("labels are such as Prometheus allows, each once, and values are cut")
  func labels() {
    let dimensions = [
      ("le", "1"), ("a.b", "2"), ("a_b", "3"), ("__x", "4"), ("9", "5"), ("", "6"),
      ("long", String(repeating: "x", count: 1_000)),
    ]
    Counter(label: "c", dimensions: dimensions, factory: libraries).increment()
    let long = String(repeating: "x", count: LibraryMetrics.valueLength)
    let known = #"l_le="1",a_b="2",l___x="4",l_9="5",l_="6",long="\#(long)""#
    #expect(lines.contains("library_c_total{\(known)} 1"))
  }

  @Test("there are so many series and no more; those there are go on")
  func limit() {
    let limit = LibraryMetrics.seriesLimit
    let counters = (0...limit).map { number in
      Counter(label: "c", dimensions: [("n", "\(number)")], factory: libraries)
    }
    for counter in counters { counter.increment() }
    let lines = lines
    #expect(lines.count { $0.hasPrefix("library_c_total{") } == limit)
    #expect(lines.contains(#"library_c_total{n="\#(limit - 1)"} 1"#))
    #expect(!lines.contains(#"library_c_total{n="\#(limit)"} 1"#))
    #expect(lines.contains("rollcall_library_series_refused_total 1"))
  }

  @Test("a name has one kind: another one of that name is refused")
  func oneKind() {
    Gauge(label: "x", factory: libraries).record(1)
    Recorder(label: "x", factory: libraries).record(2)
    #expect(lines.contains("library_x 1"))
    #expect(lines.contains("rollcall_library_series_refused_total 1"))
    #expect(!lines.contains("library_x_count 1"))
  }
}
