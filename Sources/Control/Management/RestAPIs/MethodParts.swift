internal import AWSWire
internal import EntityStore

/// A part of a method's document that has operations of its own: a response, the integration, a response of that.
struct MethodPart: Sendable {
    /// Where it stands in the document of the method of a call.
    let place: @Sendable (Call) -> [String]
    /// What is told when there is none.
    let missing: AWSError
    /// What is told when what it stands in is missing; `nil` where that is the method itself.
    var missingOuter: AWSError?
    var patches = PatchTable()

    func find(_ call: Call) throws -> WireValue {
        guard let part = Self.value(of: try method(call).document, at: place(call)) else { throw missing }
        return part
    }

    /// Puts it in the place of a former one.
    func put(_ part: WireValue, _ call: Call) throws {
        var method = try method(call)
        let place = place(call)
        if let missingOuter, place.count > 2, Self.value(of: method.document, at: Array(place.prefix(1))) == nil {
            throw missingOuter
        }
        Self.set(part, at: place[...], in: &method.document)
        try call.transaction.put(method.key, method.document, name: nil)
    }

    func remove(_ call: Call) throws {
        _ = try find(call)
        var method = try method(call)
        Self.set(nil, at: place(call)[...], in: &method.document)
        try call.transaction.put(method.key, method.document, name: nil)
    }

    func update(_ call: Call) throws -> WireValue {
        var part = try find(call)
        for patch in try Patch.all(of: call.input) { try patches.apply(patch, to: &part) }
        try put(part, call)
        return part
    }

    private func method(_ call: Call) throws -> Entity {
        try Resources.check(call)
        return try Methods.type.find(call)
    }

    private static func value(of document: WireValue, at place: [String]) -> WireValue? {
        place.reduce(document) { $0?[$1] }
    }

    /// Sets a value deep in a document. An object that has nothing left goes, too.
    private static func set(_ value: WireValue?, at place: ArraySlice<String>, in document: inout WireValue) {
        guard let name = place.first else { return }
        guard place.count > 1 else { return document[name] = value }
        var inner = document[name] ?? [:]
        set(value, at: place.dropFirst(), in: &inner)
        document[name] = inner == [:] ? nil : inner
    }
}

/// What a method may answer (API Gateway, `MethodResponse`).
enum MethodResponses {
    static let operations: [String: Handler] = [
        "PutMethodResponse": put,
        "GetMethodResponse": { try part.find($0) },
        "UpdateMethodResponse": { try part.update($0) },
        "DeleteMethodResponse": { call in
            try part.remove(call)
            return nil
        },
    ]

    private static let part = MethodPart(
        place: { ["methodResponses", $0.text("statusCode")] },
        missing: .notFound("Invalid Response status code specified"),
        patches: PatchTable(rules: [
            PatchTable.entry("responseModels") { $0.map { .string($0) } },
            PatchTable.entry("responseParameters") { .boolean($0?.lowercased() == "true") },
        ])
    )

    private static func put(_ call: Call) throws -> WireValue? {
        if (try? part.find(call)) != nil { throw AWSError.conflict("Response already exists for this resource") }
        var response: WireValue = ["statusCode": .string(call.text("statusCode"))]
        call.copy(["responseParameters", "responseModels"], into: &response)
        try part.put(response, call)
        return response
    }
}
