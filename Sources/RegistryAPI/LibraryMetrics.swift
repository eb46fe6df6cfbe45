// What the libraries in use report by way of swift-metrics, as `/metrics` tells it.

package import CoreMetrics
import DNSZone
import Synchronization

/// Takes what libraries count. They choose names and labels, and how many: names and labels are
/// made such as Prometheus allows, and of series there are at most ``seriesLimit``.
package final class LibraryMetrics: MetricsFactory {
  /// Series of all libraries together.
  package static let seriesLimit = 500
  /// Characters of a label's value.
  static let valueLength = 100

  private struct State {
    var families: [String: Family] = [:]
    var count = 0
    var refused = 0
  }

  private struct Family {
    let kind: Metric.Kind
    var series: [[String]: LibrarySeries] = [:]
  }

  private let state = Mutex(State())

  init() {}

  /// Makes the one that all libraries of the process report to. To be called once.
  package static func bootstrap() -> LibraryMetrics {
    let libraries = LibraryMetrics()
    MetricsSystem.bootstrap(libraries)
    return libraries
  }

  package var metrics: [Metric] {
    let state = state.withLock(\.self)
    let families = state.families.sorted { $0.key < $1.key }.map { name, family in
      Metric(name, family.kind, series: family.series.values.sorted { $0.order < $1.order })
    }
    return families + [
      Metric(
        "rollcall_library_series_refused_total", .counter,
        "Series that a library wanted beyond the limit, or of another kind than there is.",
        state.refused)
    ]
  }

  /// - Returns: the series of that name and these labels, as there is one already, or a new one;
  ///   one that nobody sees where there are too many.
  private func series(
    _ label: String, _ unit: String, _ kind: Metric.Kind, _ dimensions: [(String, String)]
  ) -> LibrarySeries {
    let name = "library_" + Self.name(label) + unit
    let labels = Self.labels(dimensions)
    let key = labels.flatMap { [$0.name, $0.value] }
    return state.withLock { state in
      let family = state.families[name]
      if let known = family?.series[key], family?.kind == kind { return known }
      let series = LibrarySeries(
        labels: labels, order: state.count, isHistogram: kind == .histogram)
      guard state.count < Self.seriesLimit, family == nil || family?.kind == kind else {
        state.refused += 1
        return series
      }
      state.count += 1
      state.families[name, default: Family(kind: kind)].series[key] = series
      return series
    }
  }

  /// Letters, digits and underscores: of others there are none in a name.
  private static func name(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
          ? Character(scalar) : "_"
      })
  }

  /// Each name once, and none that means something to Prometheus.
  private static func labels(_ dimensions: [(String, String)]) -> [(name: String, value: String)] {
    var seen: Set<String> = []
    return dimensions.compactMap { name, value in
      var name = Self.name(name)
      if name == "le" || name.hasPrefix("__") || name.first?.isNumber ?? true { name = "l_" + name }
      guard seen.insert(name).inserted else { return nil }
      return (name, String(value.prefix(valueLength)))
    }
  }
}

extension LibraryMetrics {
  package func makeCounter(
    label: String, dimensions: [(String, String)]
  ) -> any CounterHandler {
    series(label, "_total", .counter, dimensions)
  }

  package func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, "_total", .counter, dimensions)
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, "", .gauge, dimensions)
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    series(label, "", aggregate ? .histogram : .gauge, dimensions)
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, "_seconds", .histogram, dimensions)
  }

  // A series stays, as Prometheus expects: the library may want it again.
  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  package func destroyMeter(_ handler: any MeterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}
}

/// One number, or one histogram, that a library changes.
private final class LibrarySeries: CounterHandler, FloatingPointCounterHandler, MeterHandler,
  RecorderHandler, TimerHandler
{
  struct State {
    var value = 0.0
    var histogram: Histogram?
  }

  let labels: [(name: String, value: String)]
  /// The how manieth it is.
  let order: Int
  private let state: Mutex<State>

  init(labels: [(name: String, value: String)], order: Int, isHistogram: Bool) {
    self.labels = labels
    self.order = order
    // Nobody knows what a library measures: from microseconds to a million of anything.
    let bounds = Histogram.durationBounds + (2...6).map { Double(1 << (4 * $0)) }
    state = Mutex(State(histogram: isHistogram ? Histogram(bounds: bounds) : nil))
  }

  var current: State { state.withLock(\.self) }

  func increment(by amount: Int64) { increment(by: Double(amount)) }
  func increment(by amount: Double) { state.withLock { $0.value += amount } }
  func decrement(by amount: Double) { increment(by: -amount) }
  /// A counter of Prometheus grows only.
  func reset() {}
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { state.withLock { $0.value = value } }
  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) {
    state.withLock { state in
      if state.histogram == nil { state.value = value } else { state.histogram?.add(value) }
    }
  }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}

extension Metric {
  fileprivate init(_ name: String, _ kind: Kind, series: [LibrarySeries]) {
    let help = "Reported by a library, by way of swift-metrics."
    let states = series.map { (labels: $0.labels, state: $0.current) }
    if kind == .histogram {
      self.init(
        name, help,
        histograms: states.compactMap { each in
          each.state.histogram.map { (labels: each.labels, histogram: $0) }
        })
    } else {
      self.init(name, kind, help, states.map { .init($0.state.value, labels: $0.labels) })
    }
  }
}
