import Model

/// The backends that take the place of one backend for some customers. Shared by all routes to it.
final class BackendChoice: Sendable {
    /// Where a backend is found.
    struct Place: Sendable {
        /// Among the backends of the snapshot.
        let position: Int
        let name: String
    }

    /// By the customer's id.
    let byCustomer: [String: Place]

    private init(_ byCustomer: [String: Place]) { self.byCustomer = byCustomer }

    /// The choices of a model, by the name of the backend whose place is taken.
    /// - Parameter positions: where the backends are, by name.
    static func choices(
        of customers: [Customer],
        positions: [String: Int],
        _ faults: inout [Fault]
    ) -> [String: BackendChoice] {
        var places: [String: [String: Place]] = [:]
        for customer in customers {
            for replaced in customer.backends {
                guard let position = positions[replaced.replacement] else {
                    faults.append(Fault("no backend has this name", at: customer.source, text: replaced.replacement))
                    continue
                }
                places[replaced.backend, default: [:]][customer.id] = Place(
                    position: position,
                    name: replaced.replacement
                )
            }
        }
        return places.mapValues { BackendChoice($0) }
    }
}
