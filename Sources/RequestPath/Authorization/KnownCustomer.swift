import Exchange
import Model
import Synchronization

/// A customer as authorizers know it.
final class KnownCustomer: Sendable {
    let id: String
    let isSuspended: Bool
    let addresses: [AddressRange]
    let labels: [Principal.Fact]
    let plan: String?
    private let hasChanged = Atomic(false)

    init(_ customer: Customer) {
        id = customer.id
        isSuspended = customer.isSuspended
        addresses = customer.addresses
        labels = customer.labels.map { Principal.Fact(name: $0.name, value: $0.value) }
        plan = customer.plan
    }

    /// Whether another has taken its place, or it is gone: no decision about it holds any longer.
    var isWithdrawn: Bool { hasChanged.load(ordering: .relaxed) }

    func withdraw() { hasChanged.store(true, ordering: .relaxed) }
}
