internal import AWSWire
internal import EntityStore

/// What answers a method (API Gateway, `Integration` and `IntegrationResponse`), kept with the method.
enum Integrations {
    static let operations: [String: Handler] = [
        "PutIntegration": put,
        "GetIntegration": { try integration.find($0) },
        "UpdateIntegration": { try integration.update($0) },
        "DeleteIntegration": { call in
            try integration.remove(call)
            return nil
        },
        "PutIntegrationResponse": putResponse,
        "GetIntegrationResponse": { try response.find($0) },
        "UpdateIntegrationResponse": { try response.update($0) },
        "DeleteIntegrationResponse": { call in
            try response.remove(call)
            return nil
        },
    ]

    private static let missing = AWSError.notFound("Invalid Integration identifier specified")
    private static let verbs = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"]
    private static let behaviors = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]
    private static let shortestTimeout: Int64 = 50
    private static let longestTimeout: Int64 = 29_000

    // MARK: Integrations

    private static let integration = MethodPart(
        place: { _ in ["methodIntegration"] },
        missing: missing,
        patches: PatchTable(rules: [
            PatchTable.rule("/uri") { document, _, patch in
                document["uri"] = patch.value.map { .string($0) }
                try check(document)
            },
            PatchTable.rule("/httpMethod") { document, _, patch in
                document["httpMethod"] = patch.value.map { .string($0) }
                try check(document)
            },
            PatchTable.rule("/passthroughBehavior") { document, _, patch in
                document["passthroughBehavior"] = patch.value.map { .string($0) }
                try check(document)
            },
            PatchTable.rule("/timeoutInMillis") { document, _, patch in
                document["timeoutInMillis"] = .integer(patch.value.flatMap { Int64($0) } ?? 0)
                try check(document)
            },
            PatchTable.text("cacheNamespace"),
            PatchTable.entry("requestParameters") { $0.map { .string($0) } },
            PatchTable.entry("requestTemplates") { .string($0 ?? "") },
        ])
    )

    private static func put(_ call: Call) throws -> WireValue? {
        // What is not taken over yet is refused, and not left out.
        let notTaken = [
            "connectionId", "credentials", "contentHandling", "tlsConfig", "responseTransferMode", "integrationTarget",
        ]
        for name in notTaken where call.input[name] != nil {
            throw AWSError.badRequest("This gateway takes no \(name) of an integration yet")
        }
        if call.input.string("connectionType") == "VPC_LINK" {
            throw AWSError.badRequest("This gateway has no VPC links yet")
        }
        var document: WireValue = [
            "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": .integer(longestTimeout),
            "cacheKeyParameters": [], "cacheNamespace": .string(call.text("resourceId")),
        ]
        let members = [
            "type", "uri", "requestParameters", "requestTemplates", "passthroughBehavior", "cacheNamespace",
            "cacheKeyParameters", "timeoutInMillis", "connectionType",
        ]
        call.copy(members, into: &document)
        document["httpMethod"] = call.input["integrationHttpMethod"]
        try check(document)
        try integration.put(document, call)
        return document
    }

    private static func check(_ integration: WireValue) throws {
        let type = integration["type"]?.string ?? ""
        if let timeout = integration["timeoutInMillis"]?.integer, !(shortestTimeout...longestTimeout).contains(timeout)
        {
            throw AWSError.badRequest("Timeout should be between \(shortestTimeout) ms and \(longestTimeout) ms")
        }
        if let behavior = integration["passthroughBehavior"]?.string, !behaviors.contains(behavior) {
            throw AWSError.badRequest(
                "Invalid Passthrough Behavior specified. Valid options are \(behaviors.joined(separator: ","))"
            )
        }
        guard type != "MOCK" else { return }
        guard let verb = integration["httpMethod"]?.string, !verb.isEmpty else {
            throw AWSError.badRequest("Enumeration value for HttpMethod must be non-empty")
        }
        guard verbs.contains(verb) else {
            throw AWSError.badRequest("Invalid HttpMethod specified. Valid options are \(verbs.joined(separator: ","))")
        }
        let uri = integration["uri"]?.string ?? ""
        switch type {
        case "AWS", "AWS_PROXY": try checkARN(uri, isProxy: type == "AWS_PROXY")
        default:
            guard ["http://", "https://", "${stageVariables."].contains(where: uri.hasPrefix) else {
                throw AWSError.badRequest("Invalid HTTP endpoint specified for URI")
            }
        }
    }

    /// `arn:aws:apigateway:REGION:SERVICE:path/…` or `…:action/…`.
    private static func checkARN(_ uri: String, isProxy: Bool) throws {
        let parts = uri.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "apigateway" else {
            throw AWSError.badRequest("Invalid ARN specified in the request")
        }
        guard parts[5].hasPrefix("path/") || parts[5].hasPrefix("action/") else {
            throw AWSError.badRequest("AWS ARN for integration must contain path or action")
        }
        guard !isProxy || ["lambda", "firehose"].contains(parts[4]) else {
            throw AWSError.badRequest(
                "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
            )
        }
    }

    // MARK: What becomes of answers

    private static let response = MethodPart(
        place: { ["methodIntegration", "integrationResponses", $0.text("statusCode")] },
        missing: .notFound("Invalid Integration Response identifier specified"),
        missingOuter: missing,
        patches: PatchTable(rules: [
            PatchTable.text("selectionPattern", [.add, .replace, .remove]),
            PatchTable.entry("responseParameters") { $0.map { .string($0) } },
            PatchTable.entry("responseTemplates") { .string($0 ?? "") },
        ])
    )

    private static func putResponse(_ call: Call) throws -> WireValue? {
        if call.input["contentHandling"] != nil {
            throw AWSError.badRequest("This gateway takes no contentHandling of an integration response yet")
        }
        var document: WireValue = ["statusCode": .string(call.text("statusCode"))]
        call.copy(["selectionPattern", "responseParameters", "responseTemplates"], into: &document)
        try response.put(document, call)
        return document
    }
}
