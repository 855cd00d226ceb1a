import Exchange
import Model
import Synchronization

/// A customer as authorizers know it.
final class KnownCustomer: Sendable {
    let id: String
    /// Whether these are the credentials for sandboxes.
    let isSandbox: Bool
    let isSuspended: Bool
    let addresses: [AddressRange]
    let labels: [Principal.Fact]
    let plan: String?
    private let hasChanged = Atomic(false)

    init(_ customer: Customer, isSandbox: Bool) {
        id = customer.id
        self.isSandbox = isSandbox
        isSuspended = customer.isSuspended
        addresses = customer.addresses
        labels = customer.labels.map { Principal.Fact(name: $0.name, value: $0.value) }
        plan = customer.plan
    }

    /// Whether both are the same customer, at the same or another time.
    func isSame(_ other: KnownCustomer) -> Bool { id == other.id && isSandbox == other.isSandbox }

    /// Whether another has taken its place, or it is gone: no decision about it holds any longer.
    var isWithdrawn: Bool { hasChanged.load(ordering: .relaxed) }

    func withdraw() { hasChanged.store(true, ordering: .relaxed) }
}
