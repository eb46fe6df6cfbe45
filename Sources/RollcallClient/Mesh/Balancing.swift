// The ways to spread calls.

/// How the instance for a call is chosen among those of the best priority.
public enum Balancing: Sendable {
  /// Each in turn, as often as its weight says.
  case roundRobin
  /// The one with the fewest calls under way for its weight; among equals, each in turn.
  case leastOutstanding
}
