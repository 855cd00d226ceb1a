extension Shape<AccessLog.Format> {
    /// `json`, `clf`, or a template with `$context.…` variables.
    static var accessLogFormat: Shape {
        let expected = "json, clf, or a text with $context.… variables"
        return .scalar(expected, written: { $0 == .json ? "json" : nil }) { (text) throws(Fault) in
            switch text {
            case "json": return .json
            case "clf": return .commonLogFormat
            default: break
            }
            guard text.contains("$context.") else {
                let suggestion = Spelling.closest(to: text, among: ["json", "clf"])
                throw Fault("expected \(expected)", text: text, suggestion: suggestion)
            }
            guard !text.contains(where: \.isNewline) else {
                throw Fault("a log line is one line; in YAML, >- folds a long one", text: text)
            }
            for name in variables(in: text) where !AccessLogVariables.contains(name) {
                let closest = Spelling.closest(to: name, among: AccessLogVariables.names)
                throw Fault(
                    "no such variable in access logs",
                    text: "$context.\(name)",
                    suggestion: closest.map { "$context.\($0)" }
                )
            }
            return .template(text)
        }
    }

    /// The names after each `$context.`, without a full stop that ends a sentence.
    private static func variables(in text: String) -> [String] {
        text.split(separator: "$context.", omittingEmptySubsequences: false).dropFirst().map { rest in
            var name = rest.prefix { $0 == "." || $0.isASCII && $0.utf8.allSatisfy(\.isWordByte) }
            while name.hasSuffix(".") { name.removeLast() }
            return String(name)
        }
    }
}

/// The `$context` variables of HTTP APIs' access logs (AWS: "Customize HTTP API access logs"), without `$context.`.
enum AccessLogVariables {
    static let names = [
        "accountId", "apiId", "authorizer.error", "authorizer.principalId", "awsEndpointRequestId",
        "awsEndpointRequestId2", "customDomain.basePathMatched", "customDomain.routingRuleIdMatched", "dataProcessed",
        "domainName", "domainPrefix", "error.message", "error.messageString", "error.responseType",
        "extendedRequestId", "httpMethod", "identity.accountId", "identity.caller",
        "identity.clientCert.clientCertPem", "identity.clientCert.issuerDN", "identity.clientCert.serialNumber",
        "identity.clientCert.subjectDN", "identity.clientCert.validity.notAfter",
        "identity.clientCert.validity.notBefore", "identity.cognitoAuthenticationProvider",
        "identity.cognitoAuthenticationType", "identity.cognitoIdentityId", "identity.cognitoIdentityPoolId",
        "identity.principalOrgId", "identity.sourceIp", "identity.user", "identity.userAgent", "identity.userArn",
        "integration.error", "integration.integrationStatus", "integration.latency", "integration.requestId",
        "integration.status", "integrationErrorMessage", "integrationLatency", "integrationStatus", "path", "protocol",
        "requestId", "requestTime", "requestTimeEpoch", "responseLatency", "responseLength", "routeKey", "stage",
        "status",
    ]

    /// Whether access logs know a variable. What an authorizer adds has names of the user's.
    static func contains(_ name: String) -> Bool {
        names.contains(name) || name.hasPrefix("authorizer.") && name.count > "authorizer.".count
    }
}
