internal import AWSWire
internal import EntityStore

/// REST APIs themselves (API Gateway, `RestApi`).
enum RestAPIs {
    static let operations: [String: Handler] = [
        "CreateRestApi": create,
        "GetRestApi": { try type.find($0).document },
        "GetRestApis": { try Page.of(type.all($0).map(\.document), $0) },
        "UpdateRestApi": update,
        "DeleteRestApi": { call in
            try type.remove(call)
            return nil
        },
    ]

    static let type = EntityType(kind: "RestApi", id: "restApiId", missing: unknown, patches: patches)

    /// As most operations tell of an API that is not there.
    static func unknown(_ call: Call) -> AWSError {
        .notFound("Invalid API identifier specified \(call.account.id):\(call.text("restApiId"))")
    }

    /// Whether there is the API that the input names.
    static func isThere(_ call: Call) throws -> Bool {
        let key = EntityKey(region: call.region, kind: type.kind, id: call.text("restApiId"))
        return try call.transaction.entity(key) != nil
    }

    /// Makes sure that there is.
    static func check(_ call: Call) throws {
        guard try isThere(call) else { throw unknown(call) }
    }

    private static let mostCompression: Int64 = 10_485_760
    private static let badCompression = AWSError.badRequest(
        "Invalid minimum compression size, must be between 0 and \(mostCompression)"
    )

    // MARK: Making

    private static func create(_ call: Call) throws -> WireValue? {
        // What is not taken over yet is refused, and not left out.
        for name in ["cloneFrom", "policy"] where call.input[name] != nil { throw notTaken(name) }
        if call.input.string("description") == "" {
            throw AWSError.badRequest("Description cannot be an empty string")
        }
        let id = call.newID(10)
        let root = call.newID(10)
        var document: WireValue = [
            "id": .string(id), "apiKeySource": "HEADER", "disableExecuteApiEndpoint": false,
            "createdDate": call.timestamp, "rootResourceId": .string(root),
        ]
        let given = [
            "name", "description", "version", "apiKeySource", "disableExecuteApiEndpoint", "minimumCompressionSize",
        ]
        call.copy(given, into: &document)
        if let types = call.input["binaryMediaTypes"]?.list, !types.isEmpty {
            document["binaryMediaTypes"] = .list(types)
        }
        if let tags = call.input["tags"]?.object, !tags.isEmpty { document["tags"] = .object(tags) }
        if let size = document["minimumCompressionSize"]?.integer, !(0...mostCompression).contains(size) {
            throw badCompression
        }
        document["endpointConfiguration"] = try endpoint(call.input["endpointConfiguration"])
        try type.put(id, document, call)
        try Resources.makeRoot(root, of: id, call)
        return document
    }

    private static func notTaken(_ name: String) -> AWSError {
        .badRequest("This gateway takes no \(name) of a REST API yet")
    }

    private static func endpoint(_ given: WireValue?) throws -> WireValue {
        let types = given?["types"]?.list?.compactMap(\.string) ?? ["EDGE"]
        if types.isEmpty {
            throw AWSError.badRequest("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
        }
        if types.count > 1 { throw AWSError.badRequest("Cannot create an api with multiple Endpoint Types.") }
        let isPrivate = types == ["PRIVATE"]
        let addresses = given?["ipAddressType"]?.string ?? (isPrivate ? "dualstack" : "ipv4")
        if isPrivate, addresses == "ipv4" {
            throw AWSError.badRequest("Only dualstack ipAddressType is supported for Private APIs.")
        }
        if given?["vpcEndpointIds"] != nil { throw notTaken("endpointConfiguration.vpcEndpointIds") }
        return ["types": .list(types.map { .string($0) }), "ipAddressType": .string(addresses)]
    }

    // MARK: Changing

    private static func update(_ call: Call) throws -> WireValue? {
        var document = try type.update(call)
        if document["tags"] == nil { document["tags"] = [:] }
        return document
    }

    private static let patches = PatchTable(rules: [
        PatchTable.text("name"),
        PatchTable.text("description", [.add, .replace, .remove]),
        PatchTable.text("version", [.add, .replace, .remove]),
        PatchTable.boolean("disableExecuteApiEndpoint"),
        PatchTable.rule("/apiKeySource") { document, _, patch in
            guard let source = patch.value, ["HEADER", "AUTHORIZER"].contains(source) else {
                throw AWSError.badRequest("Invalid API Key source specified. Valid options are HEADER,AUTHORIZER")
            }
            document["apiKeySource"] = .string(source)
        },
        PatchTable.rule("/minimumCompressionSize") { document, _, patch in
            guard let text = patch.value, !text.isEmpty else { return document["minimumCompressionSize"] = nil }
            guard let size = Int64(text), (0...mostCompression).contains(size) else { throw badCompression }
            document["minimumCompressionSize"] = .integer(size)
        },
        PatchTable.rule("/binaryMediaTypes/*", [.add, .replace, .remove]) { document, parts, patch in
            var types = document["binaryMediaTypes"]?.list ?? []
            if patch.verb != .add { types.removeAll { $0 == .string(parts[0]) } }
            if patch.verb == .add { types.append(.string(parts[0])) }
            if patch.verb == .replace, let value = patch.value { types.append(.string(value)) }
            document["binaryMediaTypes"] = types.isEmpty ? nil : .list(types)
        },
        PatchTable.rule("/endpointConfiguration/ipAddressType") { document, _, patch in
            guard let addresses = patch.value, ["ipv4", "dualstack"].contains(addresses) else {
                throw AWSError.badRequest("ipAddressType must be either ipv4 or dualstack.")
            }
            document["endpointConfiguration"]?["ipAddressType"] = .string(addresses)
        },
        PatchTable.rule("/endpointConfiguration/types/*", [.add, .replace, .remove]) { document, _, patch in
            guard let type = patch.value, ["REGIONAL", "EDGE", "PRIVATE"].contains(type) else {
                throw AWSError.badRequest("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
            }
            document["endpointConfiguration"]?["types"] = .list([.string(type)])
            if type == "PRIVATE" { document["endpointConfiguration"]?["ipAddressType"] = "dualstack" }
        },
    ])
}
