import Hummingbird
enum Stub { static let r: HTTPError? = nil }
