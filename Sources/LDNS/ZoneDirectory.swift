// The directory of zone files, and what their names say.

package import DNSWire
import Glibc

/// Where the static zones are: `*.zone`, each named after its origin.
package enum ZoneDirectory {
  /// The end of a zone file's name.
  package static let suffix = ".zone"

  /// The paths of the zone files in `directory`, sorted by name. Hidden files are not listed:
  /// editors leave them behind.
  ///
  /// - Throws: when the directory can't be read, with its path as the file and no line.
  package static func zoneFiles(in directory: String) throws(ZoneFileError) -> [String] {
    guard let stream = opendir(directory) else {
      throw ZoneFileError(file: directory, line: nil, reason: "cannot be read: \(errorText())")
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { octets in
        String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(suffix), !name.hasPrefix(".") { names.append(name) }
      errno = 0
    }
    guard errno == 0 else {
      throw ZoneFileError(file: directory, line: nil, reason: "cannot be read: \(errorText())")
    }
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    return names.sorted().map { prefix + $0 }
  }

  /// The origin that the name of a zone file gives: `zones/Example.org.zone` is `Example.org.`
  ///
  /// - Parameter fileName: a name or a path, of which the last part counts.
  /// - Throws: when the name is not a domain name and ``suffix``.
  package static func origin(fromFileName fileName: String) throws(ZoneFileError) -> DomainName {
    let name = fileName.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard name.hasSuffix(suffix) else {
      throw ZoneFileError(file: fileName, line: nil, reason: "its name does not end in \(suffix)")
    }
    do {
      return try DomainName(name.dropLast(suffix.count))
    } catch {
      throw ZoneFileError(
        file: fileName, line: nil, reason: "its name is not a domain name and \(suffix): \(error)")
    }
  }
}

/// The reason of the last system call's failure.
func errorText() -> String { String(cString: strerror(errno)) }
