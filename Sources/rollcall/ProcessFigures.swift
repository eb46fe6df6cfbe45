// What the kernel says of this process, under the names that Prometheus's own clients use.

import Glibc
import RegistryAPI
import ServiceRegistry

struct ProcessFigures {
  /// Seconds since 1970; whoever sees it change knows of a restart.
  private let start = Double(RegistryClock.system.wall()) / 1_000

  var metrics: [Metric] {
    let pages = Self.pages()
    return [
      Metric(
        "process_cpu_seconds_total", .counter, "CPU time that the process took.",
        [.init(Self.processorSeconds())]),
      Metric(
        "process_resident_memory_bytes", .gauge, "Memory that the process has in RAM.",
        pages.resident * Self.pageLength),
      Metric(
        "process_virtual_memory_bytes", .gauge, "Addresses that the process has mapped.",
        pages.mapped * Self.pageLength),
      Metric("process_open_fds", .gauge, "Open descriptors.", Self.descriptors()),
      Metric("process_max_fds", .gauge, "Descriptors that may be open.", ProcessLimits.descriptors),
      Metric(
        "process_start_time_seconds", .gauge, "When the server started, in seconds since 1970.",
        [.init(start)]),
    ]
  }

  private static let pageLength = sysconf(Int32(_SC_PAGESIZE))

  private static func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// The first two numbers of /proc/self/statm (proc(5)); 0 where there is no /proc.
  private static func pages() -> (mapped: Int, resident: Int) {
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return (0, 0) }
    defer { close(descriptor) }
    var octets = [UInt8](repeating: 0, count: 128)
    let length = read(descriptor, &octets, octets.count)
    let text = String(decoding: octets.prefix(max(length, 0)), as: UTF8.self)
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    return numbers.count < 2 ? (0, 0) : (numbers[0], numbers[1])
  }

  private static func descriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // "." and "..", and the descriptor of the directory itself.
    return max(count - 3, 0)
  }
}
