// A table as lines of text.

/// Columns are as wide as their widest cell.
struct TextTable {
  struct Cell {
    let text: String
    let colour: Colour?

    init(_ text: String, _ colour: Colour? = nil) {
      self.text = text
      self.colour = colour
    }
  }

  private var rows: [[Cell]]

  init(_ titles: [String]) {
    rows = [titles.map { Cell($0) }]
  }

  /// - Parameter row: as many cells as there are titles.
  mutating func append(_ row: [Cell]) {
    rows.append(row)
  }

  func lines(withColours: Bool) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].text.count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (index, cell) in row.enumerated() {
        if withColours, let colour = cell.colour {
          line += "\u{1B}[\(colour.rawValue)m\(cell.text)\u{1B}[0m"
        } else {
          line += cell.text
        }
        guard index < row.count - 1 else { continue }
        line += String(repeating: " ", count: widths[index] - cell.text.count + 2)
      }
      return line
    }
  }
}
