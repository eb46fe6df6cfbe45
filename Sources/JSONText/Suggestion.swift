// What a client probably meant that wrote a name nobody knows.

/// ` (did you mean 'x'?)` for the nearest of `names`, or nothing if none is near.
@usableFromInline package func suggestion(for name: String, among names: [String]) -> String {
  let wanted = name.comparable
  guard !wanted.isEmpty, wanted.count <= 64 else { return "" }
  let nearest = names.map { (name: $0, distance: wanted.editDistance(to: $0.comparable)) }
    .min { $0.distance < $1.distance }
  if let nearest, nearest.distance <= min(2, nearest.name.utf8.count / 2) {
    return " (did you mean '\(nearest.name)'?)"
  }
  if wanted.count >= 3, let longer = names.first(where: { $0.comparable.starts(with: wanted) }) {
    return " (did you mean '\(longer)'?)"
  }
  return ""
}

extension String {
  /// The letters alone: `leaseSeconds` and `lease-seconds` are near `lease_seconds`.
  fileprivate var comparable: [Character] {
    lowercased().filter { $0 != "_" && $0 != "-" }.map(\.self)
  }
}

extension [Character] {
  /// How many letters have to be changed, added or left out (Levenshtein's distance).
  fileprivate func editDistance(to other: [Character]) -> Int {
    var row = [Int](0...other.count)
    for (line, character) in enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for (column, otherCharacter) in other.enumerated() {
        let replaced = diagonal + (character == otherCharacter ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = Swift.min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }
}
