internal import AWSWire
internal import EntityStore

/// One kind of thing that is managed: where it is kept, how it is found, and how it may be patched.
struct EntityType: Sendable {
    /// `RestApi`.
    let kind: String
    /// The members of the input that say what it belongs to, outermost first.
    var parents: [String] = []
    /// The member of the input that names it.
    let id: String
    /// What is told when there is none.
    let missing: @Sendable (Call) -> AWSError
    /// What is told when there is nothing that it could belong to, by a list or a new one.
    var missingParent: (@Sendable (Call) -> AWSError)?
    var patches = PatchTable()

    // MARK: Finding

    func parent(_ call: Call) -> String { parents.map(call.text).joined(separator: "/") }

    func key(_ id: String, _ call: Call) -> EntityKey {
        EntityKey(region: call.region, kind: kind, parent: parent(call), id: id)
    }

    /// The one that the input names.
    func find(_ call: Call) throws -> Entity {
        guard let entity = try call.transaction.entity(key(call.text(id), call)) else { throw missing(call) }
        return entity
    }

    /// All of what the input names as their parent.
    func all(_ call: Call) throws -> [Entity] {
        try call.transaction.entities(kind: kind, parent: parent(call), region: call.region)
    }

    // MARK: Changing

    func put(_ id: String, _ document: WireValue, name: String? = nil, _ call: Call) throws {
        try call.transaction.put(key(id, call), document, name: name)
    }

    /// Applies the patches of the input to the one that it names.
    /// - Parameter change: what has to be looked at, or follows from it, once all are applied. Answers the name that it has then.
    func update(
        _ call: Call,
        then change: (inout WireValue, _ former: Entity) throws -> String? = { $1.name }
    ) throws -> WireValue {
        let former = try find(call)
        var document = former.document
        for patch in try Patch.all(of: call.input) { try patches.apply(patch, to: &document) }
        let name = try change(&document, former)
        try call.transaction.put(former.key, document, name: name)
        return document
    }

    /// Removes the one that the input names, with all that is under it.
    func remove(_ call: Call) throws {
        let entity = try find(call)
        try call.transaction.remove(entity.key)
        let path = entity.key.parent.isEmpty ? entity.key.id : "\(entity.key.parent)/\(entity.key.id)"
        try call.transaction.removeAll(under: path, region: call.region)
    }
}

/// A part of a list, as the first version of the API gives it: `limit` and `position`.
enum Page {
    private static let usual: Int64 = 25
    private static let most: Int64 = 500

    /// The documents from `position` on, and where the next part begins.
    static func of(_ documents: [WireValue], _ call: Call) throws -> WireValue {
        let limit = call.input["limit"]?.integer ?? usual
        guard (1...most).contains(limit) else {
            throw AWSError.badRequest("Invalid limit specified, must be between 1 and \(most)")
        }
        var start = 0
        if let position = call.input.string("position") {
            guard let number = Int(position, radix: 36), (0...documents.count).contains(number) else {
                throw AWSError.badRequest("Invalid position parameter")
            }
            start = number
        }
        let end = min(start + Int(limit), documents.count)
        var page: WireValue = ["item": .list(Array(documents[start..<end]))]
        if end < documents.count { page["position"] = .string(String(end, radix: 36)) }
        return page
    }
}
