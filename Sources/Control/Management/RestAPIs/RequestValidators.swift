internal import AWSWire
internal import EntityStore

/// What of requests is held against models and parameters (API Gateway, `RequestValidator`).
enum RequestValidators {
    static let operations: [String: Handler] = [
        "CreateRequestValidator": create,
        "GetRequestValidator": { try type.find($0).document },
        "GetRequestValidators": { call in
            try RestAPIs.check(call)
            return try Page.of(type.all(call).map(\.document), call)
        },
        "UpdateRequestValidator": { try type.update($0) },
        "DeleteRequestValidator": delete,
    ]

    static let type = EntityType(
        kind: "RequestValidator",
        parents: ["restApiId"],
        id: "requestValidatorId",
        missing: { _ in .notFound("Invalid Request Validator identifier specified") },
        patches: patches
    )

    private static func create(_ call: Call) throws -> WireValue? {
        guard try RestAPIs.isThere(call) else { throw AWSError.badRequest("Invalid REST API identifier specified") }
        let id = call.newID(6)
        var document: WireValue = [
            "id": .string(id), "validateRequestBody": false, "validateRequestParameters": false,
        ]
        call.copy(["name", "validateRequestBody", "validateRequestParameters"], into: &document)
        try type.put(id, document, call)
        return document
    }

    /// One that a method asks for stays.
    private static func delete(_ call: Call) throws -> WireValue? {
        let validator = try type.find(call)
        for resource in try Resources.type.all(call) {
            let methods = try call.transaction.entities(
                kind: Methods.type.kind,
                parent: "\(call.text("restApiId"))/\(resource.key.id)",
                region: call.region
            )
            for method in methods where method.document["requestValidatorId"]?.string == validator.key.id {
                let path = resource.document["path"]?.string ?? ""
                throw AWSError.conflict("Cannot delete validator, is referenced by method: \(method.key.id) \(path)")
            }
        }
        try call.transaction.remove(validator.key)
        return nil
    }

    private static let patches = PatchTable(
        manner: .listing(["/name", "/validateRequestParameters", "/validateRequestBody"]),
        rules: [
            PatchTable.rule("/name") { document, _, patch in
                guard let name = patch.value, !name.isEmpty else {
                    throw AWSError.badRequest("Request Validator name cannot be blank")
                }
                document["name"] = .string(name)
            },
            PatchTable.boolean("validateRequestParameters"),
            PatchTable.boolean("validateRequestBody"),
        ]
    )
}
