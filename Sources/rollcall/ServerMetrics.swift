// What `GET /metrics` tells of the whole server.

import DNSClient
import DNSForwarding
import DNSTransport
import DNSZone
import QueryLog
import RegistryAPI
import ServiceRegistry

/// Collects the figures of all parts when they are asked for.
struct ServerMetrics {
  let dns: DNSServer
  let replies: ReplyStatistics
  let registry: Registry
  /// Nil where nobody is limited.
  let limiter: RateLimiter?
  let access: APIAccess
  let answering: Answering
  let reloader: ZoneReloader
  let libraries: LibraryMetrics
  private let process = ProcessFigures()

  func all() async -> [Metric] {
    let storeFailure = await registry.storeFailure
    return [build] + queries + answers + limited + recorded + forwarded + connections
      + registrations(await registry.figures)
      + store(await registry.storeCounters, isFailing: storeFailure != nil)
      + zones(await registry.zones, reloader.lastReload) + callers + process.metrics
      + libraries.metrics
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
        "rollcall_dns_udp_overflowed_total", .counter,
        "Datagrams that the kernel dropped because the receive buffer was full.", udp.overflowed),
      Metric(
        "rollcall_dns_udp_send_errors_total", .counter,
        "Replies that the kernel refused to send.", udp.sendErrors),
    ]
  }

  private var answers: [Metric] {
    let counts = replies.counts
    let kinds = counts.byKind.sorted { left, right in
      (left.key.isUDP ? 0 : 1, left.key.type, left.key.code)
        < (right.key.isUDP ? 0 : 1, right.key.type, right.key.code)
    }
    func labels(_ transport: Transport) -> [(name: String, value: String)] {
      [("transport", transport.rawValue)]
    }
    return [
      Metric(
        "rollcall_dns_answers_total", .counter,
        "Replies that were made, by transport, type asked for and response code.",
        kinds.map { kind, count in
          let transport = labels(kind.isUDP ? .udp : .tcp)
          return .init(
            Double(count), labels: transport + [("type", kind.type), ("rcode", kind.code)])
        }),
      Metric(
        "rollcall_dns_reply_size_bytes", "Octets of replies, by transport.",
        histograms: [(labels(.udp), counts.udpSizes), (labels(.tcp), counts.tcpSizes)]),
      Metric(
        "rollcall_dns_answer_duration_seconds",
        "From when a batch of queries had been received until its replies were made, each reply.",
        histograms: [([], counts.durations)]),
    ]
  }

  private static func sample(_ count: Int, _ transport: Transport) -> Metric.Sample {
    .init(Double(count), labels: [("transport", transport.rawValue)])
  }

  private var limited: [Metric] {
    let counters = limiter?.counters
    return [
      Metric(
        "rollcall_dns_limited_replies_total", .counter,
        "Replies over UDP beyond the rate limit, by what became of them.",
        [
          .init(Double(counters?.slipped ?? 0), labels: [("action", "truncated")]),
          .init(Double(counters?.dropped ?? 0), labels: [("action", "dropped")]),
        ])
    ]
  }

  private var recorded: [Metric] {
    let (log, dnstap) = (answering.log, answering.dnstap)
    return [
      Metric(
        "rollcall_query_log_lines_total", .counter, "Queries that were logged.",
        log?.lineCount ?? 0),
      Metric(
        "rollcall_query_log_dropped_total", .counter,
        "Queries that were not logged because too many waited to be.", log?.droppedCount ?? 0),
      Metric(
        "rollcall_dnstap_frames_total", .counter,
        "Dnstap messages that were handed to the writer.", dnstap?.frameCount ?? 0),
      Metric(
        "rollcall_dnstap_dropped_total", .counter,
        "Dnstap messages that were left out because too many waited to be written.",
        dnstap?.droppedCount ?? 0),
    ]
  }

  private var forwarded: [Metric] {
    let counters = answering.forwarder?.counters ?? ForwardCounters()
    return [
      Metric(
        "rollcall_forwarded_queries_total", .counter,
        "Queries for names of others, by what became of them.",
        ForwardCounters.Outcome.allCases.map {
          .init(Double(counters.outcomes[$0] ?? 0), labels: [("outcome", $0.rawValue)])
        }),
      Metric(
        "rollcall_forward_server_queries_total", .counter,
        "Queries to the servers for names of others, by what became of them.",
        StubResolver.Outcome.allCases.map {
          .init(Double(counters.queries[$0] ?? 0), labels: [("outcome", $0.rawValue)])
        }),
      Metric(
        "rollcall_forward_waiting", .gauge, "Queries for names of others that wait for a server.",
        counters.waiting),
      Metric(
        "rollcall_forward_cached_answers", .gauge, "Answers of others that are kept.",
        counters.cachedAnswers),
      Metric(
        "rollcall_forward_cached_bytes", .gauge, "Memory for these answers, about.",
        counters.cachedOctets),
    ]
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
        "rollcall_leases", .gauge, "Instances whose lease or drain comes to an end.",
        figures.leases),
      Metric(
        "rollcall_revision", .gauge, "The revision of the last change.", Int(figures.revision)),
      Metric(
        "rollcall_lease_expirations_total", .counter, "Leases that ended.", figures.expirations),
      Metric(
        "rollcall_lease_renewals_total", .counter, "Leases that were renewed.", figures.renewals),
      Metric("rollcall_draining_instances", .gauge, "Instances that drain.", figures.draining),
      Metric("rollcall_drains_total", .counter, "Drains that began.", Int(figures.drains)),
      Metric(
        "rollcall_drain_waiters", .gauge, "Calls that wait for the end of a drain.",
        figures.waitingDrains),
      Metric(
        "rollcall_held_instances", .gauge,
        "Instances that are answered though their lease has ended, because of the brake.",
        figures.held),
      Metric(
        "rollcall_holds_total", .counter, "How often the brake began to hold an instance.",
        Int(figures.holds)),
    ]
  }

  private func store(_ counters: StoreCounters, isFailing: Bool) -> [Metric] {
    [
      Metric(
        "rollcall_store_failing", .gauge, "1 while changes are refused because the store fails.",
        isFailing ? 1 : 0),
      Metric(
        "rollcall_store_commits_total", .counter, "Transactions that were committed.",
        counters.commits),
      Metric(
        "rollcall_store_failed_commits_total", .counter, "Transactions that failed.",
        counters.failedCommits),
      Metric(
        "rollcall_store_replacements_total", .counter,
        "How often the database was written anew from memory.", counters.replacements),
      Metric(
        "rollcall_store_failed_replacements_total", .counter,
        "Attempts at that which failed.", counters.failedReplacements),
      Metric(
        "rollcall_store_commit_duration_seconds", "Time that transactions took, failed ones too.",
        histograms: [([], counters.commitDurations)]),
      Metric(
        "rollcall_store_last_commit_timestamp_seconds", .gauge,
        "When the last transaction was over, in seconds since 1970.",
        counters.lastCommit.map { [.init(Double($0) / 1_000)] } ?? []),
    ]
  }

  private func zones(_ zones: [ZoneSummary], _ reload: ZoneReloader.Outcome) -> [Metric] {
    let failing = zones.count { $0.serial == nil }
    let serial = zones.first { $0.apex == registry.names.apex }?.serial
    return [
      Metric(
        "rollcall_zones", .gauge,
        "Zones, by how they are answered: with records, or SERVFAIL as their file is refused.",
        [
          .init(Double(zones.count - failing), labels: [("state", "served")]),
          .init(Double(failing), labels: [("state", "failing")]),
        ]),
      Metric(
        "rollcall_zone_serial", .gauge, "The serial of the service zone.", Int(serial ?? 0)),
      Metric(
        "rollcall_zones_last_reload_successful", .gauge,
        "1 if the zone files, when they were last read, were all taken over.",
        reload.isComplete ? 1 : 0),
      Metric(
        "rollcall_zones_last_reload_success_timestamp_seconds", .gauge,
        "When they last were, in seconds since 1970.",
        reload.lastComplete.map { [.init(Double($0) / 1_000)] } ?? []),
    ]
  }

  private var callers: [Metric] {
    let refusals = [
      Metric(
        "rollcall_http_unauthenticated_total", .counter, "Requests without a valid token.",
        access.control.unauthenticatedCount),
      Metric(
        "rollcall_http_forbidden_total", .counter, "Requests that their token does not allow.",
        access.control.forbiddenCount),
      Metric(
        "rollcall_tokens", .gauge, "Tokens of the file, expired ones included.",
        access.control.tokenCount),
    ]
    guard let tls = access.tls else { return refusals }
    return refusals + [
      Metric(
        "rollcall_tls_certificate_expiry_timestamp_seconds", .gauge,
        "When the API's certificate ends, in seconds since 1970.", tls.expiresAt)
    ]
  }
}
