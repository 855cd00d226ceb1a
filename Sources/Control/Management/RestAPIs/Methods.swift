internal import AWSWire
internal import EntityStore

/// What may be asked of a resource (API Gateway, `Method`).
enum Methods {
    static let operations: [String: Handler] = [
        "PutMethod": put,
        "GetMethod": { try type.find($0).document },
        "UpdateMethod": update,
        "DeleteMethod": { call in
            try type.remove(call)
            return nil
        },
    ]

    static let type = EntityType(
        kind: "Method",
        parents: ["restApiId", "resourceId"],
        id: "httpMethod",
        missing: { _ in .notFound("Invalid Method identifier specified") },
        patches: patches
    )

    private static let verbs = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"]
    private static let authorizationTypes = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"]

    private static func put(_ call: Call) throws -> WireValue? {
        try Resources.check(call)
        let verb = call.text("httpMethod")
        guard verbs.contains(verb) else {
            throw AWSError.badRequest("Invalid HttpMethod specified. Valid options are \(verbs.joined(separator: ","))")
        }
        if try call.transaction.entity(type.key(verb, call)) != nil {
            throw AWSError.conflict("Method already exists for this resource")
        }
        var document: WireValue = ["httpMethod": .string(verb), "apiKeyRequired": false]
        let members = [
            "authorizationType", "apiKeyRequired", "requestValidatorId", "operationName", "requestParameters",
            "requestModels", "authorizationScopes", "authorizerId",
        ]
        call.copy(members, into: &document)
        document = try settled(document, call)
        try type.put(verb, document, call)
        return document
    }

    private static func update(_ call: Call) throws -> WireValue? {
        try Resources.check(call)
        return try type.update(call) { document, _ in
            document = try settled(document, call)
            return nil
        }
    }

    /// The method as it is kept: what is empty is left out, and an authorizer where none is asked. All that it names has to be there.
    private static func settled(_ method: WireValue, _ call: Call) throws -> WireValue {
        switch method["authorizationType"]?.string {
        case "NONE", "AWS_IAM": break
        case "CUSTOM", "COGNITO_USER_POOLS":
            // No authorizer can be made here yet, so none has the id that is named.
            throw AWSError.badRequest(
                "Invalid authorizer ID specified. "
                    + "Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
            )
        default:
            let names = authorizationTypes.joined(separator: ",")
            throw AWSError.badRequest("Invalid authorization type specified. Valid options are \(names)")
        }
        if let validator = method["requestValidatorId"]?.string, !validator.isEmpty {
            let key = EntityKey(
                region: call.region,
                kind: RequestValidators.type.kind,
                parent: call.text("restApiId"),
                id: validator
            )
            guard try call.transaction.entity(key) != nil else {
                throw AWSError.badRequest("Invalid Request Validator identifier specified")
            }
        }
        for (_, model) in (method["requestModels"]?.object ?? [:]).sorted(by: { $0.key < $1.key })
        where !ownModels.contains(model) {
            throw AWSError.badRequest("Invalid model identifier specified: \(model)")
        }
        let parameters = (method["requestParameters"]?.object ?? [:]).keys
        let names = parameters.map { $0.split(separator: ".", maxSplits: 3).last ?? "" }
        guard Set(names).count == names.count else {
            throw AWSError.badRequest("Parameter names must be unique across querystring, header and path")
        }
        var kept = method
        kept["authorizerId"] = nil
        return .object((kept.object ?? [:]).filter { ![[:], [], ""].contains($0.value) })
    }

    /// The models that every API has.
    private static let ownModels: [WireValue] = ["Empty", "Error"]

    private static let patches = PatchTable(rules: [
        PatchTable.text("operationName"),
        PatchTable.boolean("apiKeyRequired"),
        PatchTable.text("authorizationType"),
        PatchTable.text("authorizerId"),
        PatchTable.text("requestValidatorId"),
        PatchTable.entry("requestModels") { $0.map { .string($0) } },
        PatchTable.entry("requestParameters") { .boolean($0?.lowercased() == "true") },
    ])
}
