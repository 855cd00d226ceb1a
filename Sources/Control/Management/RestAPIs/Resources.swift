internal import AWSWire
internal import EntityStore

/// The tree of an API's paths (API Gateway, `Resource`).
enum Resources {
    static let operations: [String: Handler] = [
        "CreateResource": create,
        "GetResource": { try shown(type.find($0).document, $0) },
        "GetResources": list,
        "UpdateResource": update,
        "DeleteResource": delete,
    ]

    static let type = EntityType(
        kind: "Resource",
        parents: ["restApiId"],
        id: "resourceId",
        missing: { _ in unknown },
        patches: patches
    )

    static let unknown = AWSError.notFound("Invalid Resource identifier specified")

    /// The resource that every API begins with.
    static func makeRoot(_ id: String, of api: String, _ call: Call) throws {
        let key = EntityKey(region: call.region, kind: type.kind, parent: api, id: id)
        try call.transaction.put(key, ["id": .string(id), "path": "/"], name: nil)
    }

    // MARK: Making

    private static func create(_ call: Call) throws -> WireValue? {
        let parentID = call.text("parentId")
        guard let parent = try call.transaction.entity(type.key(parentID, call))?.document else { throw unknown }
        let part = call.text("pathPart")
        try checkPart(part)
        try checkPlace(of: part, under: parent, besides: nil, call)
        let id = call.newID(6)
        let document: WireValue = [
            "id": .string(id), "parentId": .string(parentID), "pathPart": .string(part),
            "path": .string(path(of: part, under: parent)),
        ]
        try type.put(id, document, name: name(part, under: parentID), call)
        return document
    }

    /// What no two resources under the same parent have in common.
    private static func name(_ part: String, under parent: String) -> String { "\(parent)/\(part)" }

    private static func path(of part: String, under parent: WireValue) -> String {
        let path = parent["path"]?.string ?? "/"
        return path == "/" ? "/\(part)" : "\(path)/\(part)"
    }

    private static func isVariable(_ part: String) -> Bool { part.hasPrefix("{") && part.hasSuffix("}") }
    private static func isGreedy(_ part: String) -> Bool { part.hasPrefix("{") && part.hasSuffix("+}") }

    private static func checkPart(_ part: String) throws {
        let name = isVariable(part) ? String(part.dropFirst().dropLast(isGreedy(part) ? 2 : 1)) : part
        let isGood =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte.isASCIILetterOrDigit || "._-:".utf8.contains(byte)
                    || !isVariable(part) && "~!$&'()*+,;=@%".utf8.contains(byte)
            }
        guard isGood else {
            throw AWSError.badRequest(
                "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable "
                    + "and curly braces at the beginning and the end."
            )
        }
    }

    /// What may not stand beside what, or under it.
    private static func checkPlace(of part: String, under parent: WireValue, besides own: String?, _ call: Call) throws
    {
        let parentID = parent["id"]?.string ?? ""
        if let above = parent["pathPart"]?.string, isGreedy(above) {
            throw AWSError.badRequest("Cannot create a child of a resource with a greedy path variable: \(above)")
        }
        let taken = try call.transaction.entity(
            named: name(part, under: parentID),
            kind: type.kind,
            parent: type.parent(call),
            region: call.region
        )
        if let taken, taken.key.id != own {
            throw AWSError.conflict("Another resource with the same parent already has this name: \(part)")
        }
        guard isVariable(part) else { return }
        for sibling in try type.all(call)
        where sibling.document["parentId"]?.string == parentID && sibling.key.id != own {
            guard let other = sibling.document["pathPart"]?.string, isVariable(other) else { continue }
            throw AWSError.badRequest(
                "A sibling (\(other)) of this resource already has a variable path part -- only one is allowed"
            )
        }
    }

    // MARK: Looking

    private static func list(_ call: Call) throws -> WireValue? {
        try RestAPIs.check(call)
        let documents = try type.all(call).map(\.document)
        var page = try Page.of(documents.sorted { $0["path"]?.string ?? "" < $1["path"]?.string ?? "" }, call)
        page["item"] = .list(try (page["item"]?.list ?? []).map { try shown($0, call) })
        return page
    }

    /// With its methods: whole where that is asked for.
    private static func shown(_ resource: WireValue, _ call: Call) throws -> WireValue {
        let parent = "\(call.text("restApiId"))/\(resource["id"]?.string ?? "")"
        let methods = try call.transaction.entities(kind: Methods.type.kind, parent: parent, region: call.region)
        guard !methods.isEmpty else { return resource }
        let isWhole = call.input["embed"]?.list?.contains("methods") == true
        var shown = resource
        shown["resourceMethods"] = .object(
            Dictionary(methods.map { ($0.key.id, isWhole ? $0.document : [:]) }) { $1 }
        )
        return shown
    }

    /// Makes sure that there is the resource that the input names.
    static func check(_ call: Call) throws { _ = try type.find(call) }

    // MARK: Changing

    private static let patches = PatchTable(
        manner: .listing(["/parentId", "/pathPart"]),
        rules: [
            PatchTable.rule("/pathPart") { document, _, patch in
                guard document["parentId"] != nil else {
                    throw AWSError.badRequest("Root resource cannot update its pathPart.")
                }
                document["pathPart"] = patch.value.map { .string($0) } ?? ""
            },
            PatchTable.rule("/parentId") { document, _, patch in
                guard document["parentId"] != nil else {
                    throw AWSError.badRequest("Root resource cannot update its parentId.")
                }
                document["parentId"] = patch.value.map { .string($0) } ?? ""
            },
        ]
    )

    private static func update(_ call: Call) throws -> WireValue? {
        let document = try type.update(call) { document, former in
            guard document != former.document else { return former.name }
            let part = document["pathPart"]?.string ?? ""
            let parentID = document["parentId"]?.string ?? ""
            guard let parent = try call.transaction.entity(type.key(parentID, call))?.document else { throw unknown }
            if try isUnder(parent, former.key.id, call) { throw AWSError.badRequest("Resources cannot be cyclical.") }
            try checkPart(part)
            try checkPlace(of: part, under: parent, besides: former.key.id, call)
            document["path"] = .string(path(of: part, under: parent))
            return name(part, under: parentID)
        }
        try renewPaths(under: document, call)
        return try shown(document, call)
    }

    /// Whether a resource is another one, or in the tree under it.
    private static func isUnder(_ resource: WireValue, _ id: String, _ call: Call) throws -> Bool {
        var next: WireValue? = resource
        while let at = next {
            if at["id"]?.string == id { return true }
            next = try at["parentId"]?.string.flatMap { try call.transaction.entity(type.key($0, call))?.document }
        }
        return false
    }

    /// Paths follow those of what they stand under.
    private static func renewPaths(under changed: WireValue, _ call: Call) throws {
        let all = try type.all(call)
        var waiting = [changed]
        while let parent = waiting.popLast() {
            for child in all where child.document["parentId"] == parent["id"] {
                var document = child.document
                document["path"] = .string(path(of: document["pathPart"]?.string ?? "", under: parent))
                if document != child.document { try call.transaction.put(child.key, document, name: child.name) }
                waiting.append(document)
            }
        }
    }

    private static func delete(_ call: Call) throws -> WireValue? {
        let resource = try type.find(call)
        let all = try type.all(call)
        var waiting = [resource.key.id]
        while let id = waiting.popLast() {
            waiting += all.filter { $0.document["parentId"]?.string == id }.map(\.key.id)
            try call.transaction.remove(type.key(id, call))
            try call.transaction.removeAll(under: "\(type.parent(call))/\(id)", region: call.region)
        }
        return nil
    }
}

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
