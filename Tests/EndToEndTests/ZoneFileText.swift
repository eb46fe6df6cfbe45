// Zone files that several tests use.

enum ZoneFileText {
  static let example = """
    $TTL 300
    @ SOA ns hostmaster 7 3600 600 86400 60
    @ NS ns
    ns A 192.0.2.53
    www A 192.0.2.80
    alias CNAME www

    """

  /// Wrong in line 4.
  static let broken = """
    $TTL 300
    @ SOA ns hostmaster 7 3600 600 86400 60
    @ NS ns
    ns A 192.0.2.300

    """

  /// For the service zone.
  static let mesh = """
    $TTL 300
    @ SOA ns hostmaster 1000 3600 600 86400 60
    @ NS ns
    ns A 192.0.2.54
    db A 192.0.2.7
    child NS ns.elsewhere.org.

    """
}
