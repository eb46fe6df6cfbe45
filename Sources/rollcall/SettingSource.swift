// Where the value of a setting comes from.

enum SettingSource: Equatable {
  case usual
  case file(String)
  /// With the variable's name.
  case environment(String)
  case flag(String)

  var kind: String {
    switch self {
    case .usual: "default"
    case .file: "file"
    case .environment: "environment"
    case .flag: "flag"
    }
  }

  /// What to change; nil for a default.
  var place: String? {
    switch self {
    case .usual: nil
    case .file(let name), .environment(let name), .flag(let name): name
    }
  }
}

extension SettingKey {
  var variable: String { "ROLLCALL_" + rawValue.uppercased() }
  var flag: String { "--" + rawValue.replacing("_", with: "-") }
}
