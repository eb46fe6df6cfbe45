// Instances and services as replies show them.

import DNSWire
import JSONText
import ServiceRegistry

// Nearly every reply shows an instance, so it is written at once, not made a tree of values first.
extension JSONWriter {
  /// - Parameter warnings: only the reply to a registration has them, if perhaps none.
  mutating func append(_ view: InstanceView, _ names: OwnerNames, warnings: [String]? = nil) {
    let instance = view.instance
    append(verbatim: #"{"service":"#)
    append(instance.key.service.text)
    append(verbatim: #","id":"#)
    append(instance.key.id.text)
    append(instance.registration, view.status)
    append(verbatim: #","revision":"#)
    append(Int(instance.revision))
    append(verbatim: #","registered_at":"#)
    append(timestamp(instance.registeredAt))
    append(verbatim: #","renewed_at":"#)
    append(timestamp(view.renewedAt))
    append(verbatim: #","expires_at":"#)
    if let end = view.expiresAt { append(timestamp(end)) } else { append(verbatim: "null") }
    if let safeAt = instance.safeAt {
      append(verbatim: #","safe_at":"#)
      append(timestamp(safeAt))
    }
    append(names.shown(instance))
    if let warnings {
      append(verbatim: #","warnings":"#)
      append(warnings) { $0.append($1) }
    }
    append(verbatim: "}")
  }

  /// Adds the members that say what an instance said of itself, after others.
  private mutating func append(_ registration: Registration, _ status: ShownStatus) {
    append(verbatim: #","addresses":"#)
    append(registration.addresses) { $0.append($1.description) }
    append(verbatim: #","port":"#)
    append(registration.port.map(Int.init))
    append(verbatim: #","ports":{"#)
    for (index, port) in registration.ports.enumerated() {
      if index > 0 { append(verbatim: ",") }
      append(port.name.text)
      append(verbatim: #":{"port":"#)
      append(Int(port.port))
      append(verbatim: #","protocol":"#)
      append(port.transport.rawValue)
      append(verbatim: "}")
    }
    append(verbatim: #"},"protocol":"#)
    append(registration.transport.rawValue)
    append(verbatim: #","weight":"#)
    append(Int(registration.weight))
    append(verbatim: #","priority":"#)
    append(Int(registration.priority))
    append(verbatim: #","tags":"#)
    append(registration.tags) { $0.append($1.text) }
    append(verbatim: #","metadata":{"#)
    for (index, entry) in registration.metadata.entries.enumerated() {
      if index > 0 { append(verbatim: ",") }
      append(entry.key)
      append(verbatim: ":")
      append(entry.value)
    }
    append(verbatim: #"},"status":"#)
    append(status.rawValue)
    append(verbatim: #","lease_seconds":"#)
    append(registration.leaseSeconds)
  }

  private mutating func append(_ names: InstanceNames) {
    append(verbatim: #","names":{"host":"#)
    append(names.host)
    append(verbatim: #","srv":"#)
    append(names.srv) { $0.append($1) }
    append(verbatim: "}")
  }

  private mutating func append(_ number: Int?) {
    if let number { append(number) } else { append(verbatim: "null") }
  }

  /// Adds a service as an object.
  ///
  /// - Parameter instances: adds the members about its instances, after others.
  mutating func append(
    _ service: ServiceSummary, _ instances: (inout JSONWriter) -> Void = { _ in }
  ) {
    append(verbatim: #"{"name":"#)
    append(service.name.text)
    append(verbatim: #","revision":"#)
    append(Int(service.revision))
    append(verbatim: #","instance_count":"#)
    append(service.instanceCount)
    append(verbatim: #","live_count":"#)
    append(service.liveCount)
    append(verbatim: #","ttl_seconds":"#)
    append(service.settings.ttl.map { Int($0) })
    append(verbatim: #","max_answers":"#)
    append(service.settings.maxAnswers)
    instances(&self)
    append(verbatim: "}")
  }
}
