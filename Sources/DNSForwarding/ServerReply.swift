// What of a server's reply goes to clients.

import DNSClient
import DNSWire
import DNSZone

extension ForeignAnswer {
  /// The records of a reply to `question`. Of an answer with data nothing but the answer section is
  /// passed on, and where signatures are wanted the authority section: the rest says what nobody
  /// asked for, and what a client must not believe (RFC 2181 section 5.4.1).
  init(_ reply: Reply, to question: DNSQuestion) {
    self.init()
    code = reply.code
    let names = reply.aliases(of: question.name)
    answer = reply.answer.filter { $0.isAbout(names) }.compactMap(reply.resourceRecord)
    let isNegative =
      code == .nameError
      || !answer.contains { $0.type == question.type || question.type == .any }
    guard isNegative || question.dnssecOK else { return }
    authority = reply.authority.compactMap(reply.resourceRecord)
    if !question.dnssecOK { authority.removeAll { $0.type != .soa } }
    guard isNegative, let negativeTTL = reply.negativeTTL else { return }
    for index in authority.indices where authority[index].type == .soa {
      authority[index].ttl = min(authority[index].ttl, negativeTTL)
    }
  }

  static func failure(_ reason: ExtendedErrorCode?) -> ForeignAnswer {
    var answer = ForeignAnswer()
    answer.code = .serverFailure
    answer.extendedError = reason
    return answer
  }
}

extension Reply {
  /// Aliases of a name that are followed.
  private static let aliasLimit = 16

  /// The name, and those that the answer says it is an alias of.
  fileprivate func aliases(of name: DomainName) -> Set<DomainName> {
    var names: Set<DomainName> = [name]
    // In order as a rule, but nobody has to send them so.
    for _ in 0..<Self.aliasLimit {
      let targets = answer.filter { names.contains($0.owner) }.compactMap(alias)
      guard !names.isSuperset(of: targets) else { break }
      names.formUnion(targets)
    }
    return names
  }
}

extension Reply.Record {
  /// A DNAME, and what signs it, stands above the names that it leads on (RFC 6672 section 3.1).
  fileprivate func isAbout(_ names: Set<DomainName>) -> Bool {
    if names.contains(owner) { return true }
    return (type == .dname || type == .rrsig) && names.contains { $0.isEqualOrBelow(owner) }
  }
}
