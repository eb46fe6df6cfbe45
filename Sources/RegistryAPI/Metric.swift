// Figures about the server, in the text format that Prometheus reads.

package import DNSZone

/// One figure, or one for each value of some labels (Prometheus exposition format 0.0.4).
package struct Metric: Sendable {
  package enum Kind: String, Sendable {
    /// Grows only, from 0 at the start of the program.
    case counter
    /// Goes up and down.
    case gauge
    /// How often something was how large, from the start of the program.
    case histogram
  }

  /// One value with its labels.
  package struct Sample: Sendable {
    package let labels: [(name: String, value: String)]
    package let value: Double
    /// What follows the metric's name.
    fileprivate var suffix = ""

    package init(_ value: Double, labels: [(name: String, value: String)] = []) {
      self.labels = labels
      self.value = value
    }

    fileprivate init(
      _ value: Double, labels: [(name: String, value: String)], suffix: String
    ) {
      self.init(value, labels: labels)
      self.suffix = suffix
    }
  }

  /// A counter's ends with `_total`, others with their unit if they have one.
  package let name: String
  package let kind: Kind
  /// One line, without backslashes.
  package let help: String
  package let samples: [Sample]

  package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  package init(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    self.init(name, kind, help, [Sample(Double(value))])
  }

  /// - Parameter histograms: each with its labels.
  package init(
    _ name: String, _ help: String,
    histograms: [(labels: [(name: String, value: String)], histogram: Histogram)]
  ) {
    self.init(
      name, .histogram, help,
      histograms.flatMap { labels, histogram in
        var count = 0
        let buckets = zip(histogram.bounds + [.infinity], histogram.counts).map { bound, number in
          count += number
          let le = (name: "le", value: bound == .infinity ? "+Inf" : "\(bound)")
          return Sample(Double(count), labels: labels + [le], suffix: "_bucket")
        }
        return buckets + [
          Sample(histogram.sum, labels: labels, suffix: "_sum"),
          Sample(Double(count), labels: labels, suffix: "_count"),
        ]
      })
  }

  /// The media type of ``text(of:)``.
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  static func text(of metrics: [Metric]) -> String {
    metrics.map(\.text).joined()
  }

  private var text: String {
    let lines = samples.map { "\(name)\($0.suffix)\($0.labelText) \($0.valueText)\n" }
    return "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n\(lines.joined())"
  }
}

extension Metric.Sample {
  fileprivate var labelText: String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
      + "}"
  }

  /// Whole numbers as such: 2^53 of whatever is counted is not reached.
  fileprivate var valueText: String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "\\": #"\\"#
      case "\"": #"\""#
      case "\n": #"\n"#
      default: String(character)
      }
    }.joined()
  }
}
