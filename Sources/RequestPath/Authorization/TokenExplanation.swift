import Credentials
public import Model

/// What one authorizer would say of a token, for `daemun explain`.
public struct TokenExplanation: Sendable, Hashable {
    /// The authorizer's name.
    public var authorizer: String
    /// Whether the token is taken.
    public var isTaken: Bool
    /// The stable cause, where it is not.
    public var cause: String?
    /// What was found, in words: for the operator, who has the token anyway.
    public var reason: String
}

extension AuthorizationPlan {
    /// Says of a token what each authorizer that a rule names would say of it. Keys that have to be fetched are fetched.
    public func explain(_ token: String, by rule: AccessRule) async -> [TokenExplanation] {
        switch rule {
        case .authorizer(let name, let scopes): return await [explanation(of: token, by: name, scopes: scopes)]
        case .anyOf(let rules), .allOf(let rules):
            var explanations: [TokenExplanation] = []
            for rule in rules { explanations += await explain(token, by: rule) }
            return explanations
        }
    }

    private func explanation(of token: String, by name: String, scopes: [String]) async -> TokenExplanation {
        guard let check = check(named: name) as? TokenCheck else {
            return TokenExplanation(
                authorizer: name,
                isTaken: false,
                cause: nil,
                reason: "asks for \(wanted(by: name)), not for a token"
            )
        }
        return await check.explain(token, scopes: scopes)
    }
}

extension Authorizer.Kind {
    /// What is looked for.
    var words: String {
        switch self {
        case .token: "a token"
        case .apiKey: "an API key"
        case .basic: "a password"
        case .signature: "a signature"
        case .certificate: "a certificate"
        case .external: "what a service says"
        case .address: "an address"
        }
    }
}

extension TokenCheck {
    fileprivate func explain(_ token: String, scopes: [String]) async -> TokenExplanation {
        let bare = token.lowercased().hasPrefix("bearer ") ? String(token.dropFirst(7)) : token
        let bytes = Array(bare.utf8)
        var parsed: CompactToken?
        do throws(TokenFailure) {
            let made = try CompactToken(bytes.span)
            parsed = made
            let issuer = try issuer(of: made)
            await issuer.keys.update()
            guard let keys = issuer.keys.current else {
                return refused("\(Denial.noKeys.cause)", "the issuer's keys cannot be fetched")
            }
            let verifier = TokenVerifier(keys: keys, rules: issuer.rules, algorithms: algorithms)
            let verified = try verifier.verify(made, scopes: self.scopes, now: Int64(SystemTime.seconds()))
            if !scopes.isEmpty {
                guard let granted = verified.claims.scopes, granted.contains(where: { scopes.contains($0) }) else {
                    throw .insufficientScope
                }
            }
            if let customerClaim {
                let id = verified.claims.claim(named: customerClaim)?.text
                guard let id, let customer = customers.declaredCustomer(id: id, isSandbox: isSandbox) else {
                    let found = id ?? "nothing"
                    return refused("\(Denial.unknownCustomer.cause)", "\(customerClaim) names no customer: \(found)")
                }
                if customer.isSuspended { return refused("\(Denial.suspended.cause)", "\(id) is suspended") }
            }
            let subject = verified.claims.subject.map { ", sub \($0)" } ?? ""
            let key = verified.keyID.map { " by key \($0)" } ?? ""
            let reason = "\(verified.algorithm.rawValue)\(key)\(subject)"
            return TokenExplanation(authorizer: name, isTaken: true, cause: nil, reason: reason)
        } catch {
            return refused("\(error.cause)", Self.reason(error, parsed))
        }
    }

    private func refused(_ cause: String, _ reason: String) -> TokenExplanation {
        TokenExplanation(authorizer: name, isTaken: false, cause: cause, reason: reason)
    }

    private static func reason(_ failure: TokenFailure, _ token: CompactToken?) -> String {
        let sentence = "\(failure.errorDescription)"
        let claims = try? token?.unverifiedClaims()
        func claim(_ name: String) -> String {
            claims?.claim(named: name).map { "\(name) \($0.source)" } ?? "no \(name)"
        }
        return switch failure {
        case .malformed(let fault): "\(sentence): \(words(fault))"
        case .algorithmRefused, .wrongSignature: "\(sentence): \(token?.algorithm.rawValue ?? "unknown")"
        case .unknownKey:
            "\(sentence): \(token?.keyID.map { "kid \($0)" } ?? "no kid, and more than one key would suit")"
        case .wrongType, .insufficientScope: sentence
        case .wrongIssuer: "\(sentence): \(claim("iss"))"
        case .wrongAudience: "\(sentence): \(claim("aud"))"
        case .expired: "\(sentence): \(claim("exp"))"
        case .notYetValid: "\(sentence): \(claim("nbf"))"
        case .issuedInFuture: "\(sentence): \(claim("iat"))"
        case .missingClaim(let name), .wrongClaim(let name): "\(sentence): \(claim(name))"
        }
    }

    private static func words(_ fault: TokenFault) -> String {
        switch fault {
        case .tooLong:
            "more than \(CompactToken.mostBytes) bytes, or a header of more than \(CompactToken.mostHeaderBytes)"
        case .notThreeParts: "not three parts with dots between them"
        case .header: "its header is no JSON object in base64url"
        case .criticalExtension: "its header has extensions that must be understood"
        case .payload: "its payload is no JSON object in base64url"
        case .signature: "its signature is no base64url"
        }
    }
}
