/// What a template of the access log can name: Amazon's access-log variables of HTTP and REST APIs, and our own.
///
/// Source: "Customize HTTP API access logs" and "Variables for access logging" of the API Gateway developer guide.
public enum AccessLogVariable: Sendable, Hashable {
    // The API and what was routed to
    case apiID, stage, version, routeKey, resourcePath
    // The request
    case requestID, requestTime, requestTimeEpoch, method, path, httpProtocol, domainName, domainPrefix
    case sourceIP, userAgent, traceID, requestLength
    // The client's certificate
    case clientCertificatePEM, clientCertificateSubject, clientCertificateIssuer, clientCertificateSerialNumber
    case clientCertificateNotBefore, clientCertificateNotAfter
    // The caller
    case claim(String)
    case customer, principalID, authorizerName, apiKeyID, user, scopes
    // The response
    case status, responseLength, responseLatency, dataProcessed
    // The backend
    case integrationStatus, integrationLatency, integrationError, backend, target, attempts
    // The gateway
    case cause, quotedCause, overhead
    /// A variable of Amazon's that has no value in this gateway; `-` is logged.
    case valueless

    /// The variable that is written `$context.` followed by `name`; `nil` when there is none.
    public init?(named name: String) {
        if let variable = Self.table[name] {
            self = variable
        } else if let claim = Self.claimPrefixes.lazy.compactMap({ Self.rest(of: name, after: $0) }).first {
            self = .claim(claim)
        } else if name.hasPrefix("authorizer."), name.utf8.count > "authorizer.".utf8.count {
            // The context of an authorizer has names of the user's.
            self = .valueless
        } else {
            return nil
        }
    }

    /// Amazon's REST APIs say the first, its HTTP APIs the second.
    private static let claimPrefixes = ["authorizer.claims.", "authorizer.jwt.claims."]

    private static func rest(of name: String, after prefix: String) -> String? {
        name.hasPrefix(prefix) && name.utf8.count > prefix.utf8.count ? String(name.dropFirst(prefix.count)) : nil
    }

    /// All names, without `$context.`, sorted.
    public static var names: [String] { table.keys.sorted() }

    private static let table: [String: AccessLogVariable] = {
        var table: [String: AccessLogVariable] = [
            "apiId": .apiID,
            "stage": .stage,
            "routeKey": .routeKey,
            "resourcePath": .resourcePath,
            "requestId": .requestID,
            "extendedRequestId": .requestID,
            "requestTime": .requestTime,
            "requestTimeEpoch": .requestTimeEpoch,
            "httpMethod": .method,
            "path": .path,
            "protocol": .httpProtocol,
            "domainName": .domainName,
            "domainPrefix": .domainPrefix,
            "identity.sourceIp": .sourceIP,
            "identity.userAgent": .userAgent,
            "identity.clientCert.clientCertPem": .clientCertificatePEM,
            "identity.clientCert.subjectDN": .clientCertificateSubject,
            "identity.clientCert.issuerDN": .clientCertificateIssuer,
            "identity.clientCert.serialNumber": .clientCertificateSerialNumber,
            "identity.clientCert.validity.notBefore": .clientCertificateNotBefore,
            "identity.clientCert.validity.notAfter": .clientCertificateNotAfter,
            "identity.apiKeyId": .apiKeyID,
            "identity.user": .user,
            "authorizer.principalId": .principalID,
            "authorizer.scopes": .scopes,
            "daemun.version": .version,
            "daemun.customer": .customer,
            "daemun.authorizer": .authorizerName,
            "xrayTraceId": .traceID,
            "status": .status,
            "responseLength": .responseLength,
            "responseLatency": .responseLatency,
            "dataProcessed": .dataProcessed,
            "integration.status": .integrationStatus,
            "integration.integrationStatus": .integrationStatus,
            "integrationStatus": .integrationStatus,
            "integration.latency": .integrationLatency,
            "integrationLatency": .integrationLatency,
            "integration.error": .integrationError,
            "integrationErrorMessage": .integrationError,
            "error.message": .cause,
            "error.messageString": .quotedCause,
            "error.responseType": .cause,
            "daemun.cause": .cause,
            "daemun.backend": .backend,
            "daemun.target": .target,
            "daemun.attempts": .attempts,
            "daemun.overhead": .overhead,
            "daemun.requestLength": .requestLength,
        ]
        for name in valuelessNames { table[name] = .valueless }
        return table
    }()

    private static let valuelessNames = [
        "accountId", "authenticate.error", "authenticate.latency", "authenticate.status", "authorize.error",
        "authorize.latency", "authorize.status", "awsEndpointRequestId", "awsEndpointRequestId2", "cipherSuite",
        "connectedAt", "connectionId", "customDomain.basePathMatched", "customDomain.routingRuleIdMatched",
        "deploymentId", "endpointType", "error.validationErrorString", "eventType", "identity.accountId",
        "identity.apiKey", "identity.caller",
        "identity.cognitoAuthenticationProvider", "identity.cognitoAuthenticationType", "identity.cognitoIdentityId",
        "identity.cognitoIdentityPoolId", "identity.principalOrgId", "identity.userArn",
        "identity.vpcId", "identity.vpceId", "integration.requestId", "isCanaryRequest", "messageId", "resourceId",
        "tlsVersion", "waf.error", "waf.latency", "waf.status", "wafResponseCode", "webaclArn",
    ]
}
