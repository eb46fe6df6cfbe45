// A zone file and the files it includes, read into records with their places.

import DNSWire

/// A record and where it stands.
struct PlacedRecord {
  var record: ResourceRecord
  /// RDATA in the form in which it is compared.
  let comparable: [UInt8]
  /// Index in the reader's files.
  let file: Int
  let line: Int
}

/// Reads one zone file and what it includes.
struct MasterFileReader {
  /// The zone file, then the included ones, as often as they are.
  private(set) var files: [String]
  private(set) var records: [PlacedRecord] = []

  private let path: String
  /// The zone file's directory, resolved, ending in a slash: `$INCLUDE` does not lead out of it.
  private let root: String
  private let octetLimit: Int
  private var octetCount = 0

  init(path: String, octetLimit: Int) throws(ZoneFileError) {
    let directory = SourceFile.directory(of: path)
    do {
      let resolved = try SourceFile.resolve(directory.isEmpty ? "." : directory)
      root = resolved.hasSuffix("/") ? resolved : resolved + "/"
    } catch {
      throw ZoneFileError(file: path, line: nil, reason: "cannot be read: \(error.reason)")
    }
    self.path = path
    self.octetLimit = octetLimit
    files = [path]
  }

  mutating func read(origin: DomainName) throws(ZoneFileError) {
    let octets: [UInt8]
    do {
      octets = try contents(path)
    } catch {
      throw ZoneFileError(file: path, line: nil, reason: "cannot be read: \(error.reason)")
    }
    var context = MasterFileContext(
      origin: origin, ttl: ZoneFile.defaultTTL, owner: origin, depth: 0)
    try read(octets, file: 0, &context)
  }

  private mutating func contents(_ path: String) throws(SourceFileError) -> [UInt8] {
    let octets = try SourceFile(path: path).contents(limit: octetLimit - octetCount)
    octetCount += octets.count
    return octets
  }

  private mutating func read(
    _ octets: [UInt8], file: Int, _ context: inout MasterFileContext
  ) throws(ZoneFileError) {
    var scanner = MasterFileScanner(octets)
    var entry = MasterFileEntry(file: files[file])
    while try scanner.next(&entry) {
      if !entry.startsBlank, entry.text[0] == UInt8(ascii: "$") {
        try obey(entry, &context)
      } else {
        try readRecord(entry, file: file, &context)
      }
    }
  }

  private mutating func readRecord(
    _ entry: MasterFileEntry, file: Int, _ context: inout MasterFileContext
  ) throws(ZoneFileError) {
    let line = try RecordLine(entry)
    if let owner = line.owner {
      context.owner = try entry.domainName(owner, relativeTo: context.origin)
    }
    let (type, rdata) = try line.content(origin: context.ldnsOrigin)
    let record = ResourceRecord(
      owner: context.owner, type: type, ttl: line.ttl ?? context.ttl, rdata: rdata.wire)
    records.append(
      PlacedRecord(
        record: record, comparable: rdata.comparable, file: file, line: entry.line))
  }
}

// MARK: - Directives

extension MasterFileReader {
  private mutating func obey(
    _ entry: MasterFileEntry, _ context: inout MasterFileContext
  ) throws(ZoneFileError) {
    var position = 0
    guard let directive = entry.nextToken(&position) else { return }
    let isInclude = entry.matches(directive, "$INCLUDE")
    let first = entry.nextToken(&position)
    let second = isInclude ? entry.nextToken(&position) : nil
    let name = entry.string(directive)
    guard
      isInclude || entry.matches(directive, "$ORIGIN") || entry.matches(directive, "$TTL")
    else { throw entry.error("the directive \(name) is not known") }
    guard let first else { throw entry.error("\(name) says nothing") }
    guard entry.nextToken(&position) == nil else { throw entry.error("\(name) says too much") }
    if isInclude {
      try include(entry, file: first, origin: second, context)
    } else if entry.matches(directive, "$ORIGIN") {
      context.setOrigin(try entry.domainName(first, relativeTo: context.origin))
    } else {
      context.ttl = try entry.ttl(first)
    }
  }

  private mutating func include(
    _ entry: MasterFileEntry, file: Range<Int>, origin: Range<Int>?,
    _ context: borrowing MasterFileContext
  ) throws(ZoneFileError) {
    guard context.depth < ZoneFile.includeDepthLimit else {
      throw entry.error("files include one another more than \(ZoneFile.includeDepthLimit) deep")
    }
    let origin = try origin.map { range throws(ZoneFileError) in
      try entry.domainName(range, relativeTo: context.origin)
    }
    let name = entry.fileName(file)
    // As in Knot, a file's includes are relative to that file.
    let path = name.hasPrefix("/") ? name : SourceFile.directory(of: entry.file) + name
    let octets: [UInt8]
    do {
      octets = try includedContents(path)
    } catch {
      throw entry.error("\(path) cannot be included: \(error.reason)")
    }
    files.append(path)
    var inner = MasterFileContext(
      origin: origin ?? context.origin, ttl: context.ttl, owner: context.owner,
      depth: context.depth + 1)
    try read(octets, file: files.count - 1, &inner)
  }

  /// What is compared is where `path` leads, so neither `..` nor a symbolic link gets out.
  private mutating func includedContents(_ path: String) throws(SourceFileError) -> [UInt8] {
    let resolved = try SourceFile.resolve(path)
    guard resolved.hasPrefix(root) else {
      throw SourceFileError(reason: "it is outside the zone file's directory")
    }
    return try contents(resolved)
  }
}
