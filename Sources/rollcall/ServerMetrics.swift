// What `GET /metrics` tells of the whole server.

import DNSTransport
import DNSWire
import RegistryAPI
import ServiceRegistry

/// Collects the figures of all parts when they are asked for.
struct ServerMetrics {
  let dns: DNSServer
  let registry: Registry

  func all() async -> [Metric] {
    [build] + queries + connections + registrations(await registry.figures)
  }

  private var build: Metric {
    Metric(
      "rollcall_build_info", .gauge, "The program's version.",
      [.init(1, labels: [("version", Version.text)])])
  }

  private var queries: [Metric] {
    let (udp, tcp) = (dns.udpCounters, dns.tcpCounters)
    return [
      Metric(
        "rollcall_dns_queries_total", .counter, "DNS messages that came, by transport.",
        [Self.sample(udp.received, .udp), Self.sample(tcp.queries, .tcp)]),
      Metric(
        "rollcall_dns_replies_total", .counter, "DNS messages that were sent, by transport.",
        [Self.sample(udp.replied, .udp), Self.sample(tcp.replies, .tcp)]),
      Metric(
        "rollcall_dns_udp_malformed_total", .counter,
        "Datagrams that can't be a query: shorter than a header or from port 0.", udp.dropped),
      Metric(
        "rollcall_dns_udp_send_errors_total", .counter,
        "Replies that the kernel refused to send.", udp.sendErrors),
    ]
  }

  private static func sample(_ count: Int, _ transport: Transport) -> Metric.Sample {
    .init(Double(count), labels: [("transport", transport.rawValue)])
  }

  private var connections: [Metric] {
    let tcp = dns.tcpCounters
    return [
      Metric(
        "rollcall_dns_tcp_connections", .gauge, "Connections for DNS that are open.", tcp.open),
      Metric(
        "rollcall_dns_tcp_accepted_total", .counter,
        "Connections for DNS that came, refused ones included.", tcp.accepted),
      Metric(
        "rollcall_dns_tcp_closed_total", .counter, "Connections for DNS that ended, by reason.",
        TCPCloseReason.allCases.map {
          .init(Double(tcp.closed[$0] ?? 0), labels: [("reason", $0.rawValue)])
        }),
    ]
  }

  private func registrations(_ figures: RegistryFigures) -> [Metric] {
    [
      Metric("rollcall_services", .gauge, "Services that exist.", figures.services),
      Metric("rollcall_instances", .gauge, "Instances that are registered.", figures.instances),
      Metric(
        "rollcall_revision", .gauge, "The revision of the last change.", Int(figures.revision)),
      Metric(
        "rollcall_lease_expirations_total", .counter, "Leases that ended.", figures.expirations),
      Metric(
        "rollcall_lease_renewals_total", .counter, "Leases that were renewed.", figures.renewals),
    ]
  }
}
