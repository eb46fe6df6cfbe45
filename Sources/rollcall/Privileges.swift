// Becoming another user than root, for good.

import CLinuxPrivileges
import DNSTransport
import Glibc

/// How a program that root started goes on as the user `user`.
///
/// It becomes the user and executes itself, before anything is opened. So all its threads are
/// that user's from their beginning; what it reads at its start it can read again at a reload; and
/// the privilege to bind a low port, which threads have one by one, comes to all of them.
enum Privileges {
  /// Returns if the program runs as the user it is to run as; else it begins anew as that user.
  static func drop(for settings: Settings, isCheckOnly: Bool) throws(SettingError) {
    guard let name = settings.user else { return }
    guard let account = getpwnam(name)?.pointee else {
      throw SettingError(.user, name, "is no user of this system")
    }
    guard account.pw_uid != 0 else {
      throw SettingError(.user, name, "has all privileges; name a user of the server's own")
    }
    guard getuid() != account.pw_uid || geteuid() != account.pw_uid else { return }
    guard geteuid() == 0 else {
      throw SettingError(.user, name, "can be chosen by root only; leave the setting out")
    }
    if !isCheckOnly {
      try makeDataDirectory(settings.dataDirectory, account)
      ProcessLimits.raiseDescriptors(to: settings.descriptorNeed)
    }
    try become(account, name, mayBindLowPorts: settings.needsLowPort)
    try checkDataDirectory(settings.dataDirectory, name)
    try beginAnew(as: name)
  }

  /// Only a directory that was not there is given to the user: handing over what others made is
  /// the operator's decision.
  private static func makeDataDirectory(_ path: String, _ account: passwd) throws(SettingError) {
    guard mkdir(path, 0o750) == 0 else { return }
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    defer { close(directory) }
    guard fchown(directory, account.pw_uid, account.pw_gid) == 0 else {
      throw SettingError(.data, path, "can't be given to the user: \(errorText)")
    }
  }

  private static func become(
    _ account: passwd, _ name: String, mayBindLowPorts: Bool
  ) throws(SettingError) {
    guard CLinuxKeepCapabilities() == 0, initgroups(name, account.pw_gid) == 0,
      setgid(account.pw_gid) == 0, setuid(account.pw_uid) == 0,
      CLinuxLimitCapabilities(mayBindLowPorts) == 0
    else { throw SettingError(.user, name, "can't be become: \(errorText)") }
    guard setuid(0) != 0, setgid(0) != 0, getuid() == account.pw_uid, geteuid() == account.pw_uid
    else { throw SettingError(.user, name, "was become, but root could be regained") }
  }

  private static func checkDataDirectory(_ path: String, _ name: String) throws(SettingError) {
    for file in [path, "\(path)/lock", "\(path)/rollcall.db"]
    where access(file, F_OK) == 0 && access(file, R_OK | W_OK) != 0 {
      throw SettingError(
        .data, path,
        "can't be written by the user \(name); choose another directory, or give it to that user: "
          + "chown -R \(name): \(path)")
    }
  }

  private static func beginAnew(as name: String) throws(SettingError) {
    guard let path = realpath("/proc/self/exe", nil) else {
      throw SettingError("the path of the program can't be read: \(errorText)")
    }
    defer { free(path) }
    // A thread of Swift's pool blocks signals, and the program would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    execv(path, CommandLine.unsafeArgv)
    throw SettingError(
      .user, name,
      "can't execute \(String(cString: path)): \(errorText); "
        + "put the program where that user may read it")
  }

  private static var errorText: String { String(cString: strerror(errno)) }
}

extension Settings {
  /// Ports that not everybody may bind.
  private static let lowPorts: Range<UInt16> = 1..<1_024

  fileprivate var needsLowPort: Bool {
    (dns + http).contains { Self.lowPorts.contains($0.port) }
  }
}
