import Credentials
import Exchange

/// What a service has answered about a caller.
struct ExternalAnswer {
    let principalID: String?
    let policy: CallerPolicy
    /// What it says about the caller, for backends and the log.
    let context: [Principal.Fact]
    /// The API key that the caller counts as.
    let apiKey: [UInt8]?

    static let limits = JSONLimits(bytes: 64 << 10, depth: 16, nodes: 4_096)
    private static let mostFacts = 64
    private static let mostFactBytes = 2 << 10

    /// Reads an answer.
    /// - Throws: what the client is told instead.
    init(_ bytes: [UInt8], expecting simple: Bool) throws(Denial) {
        guard let document = try? JSONDocument(bytes, limits: Self.limits), document.root.isObject else {
            throw .malformedAnswer
        }
        let root = document.root
        // A function that has thrown, as Lambda's own endpoint tells it.
        if let message = root["errorMessage"] {
            throw message.text == "Unauthorized" ? Denial.unauthorized : .externalFailure
        }
        principalID = root["principalId"]?.text
        apiKey = root["usageIdentifierKey"]?.textBytes
        if simple {
            guard let isAuthorized = root["isAuthorized"]?.boolean else { throw .malformedAnswer }
            policy = CallerPolicy(allowsAll: isAuthorized)
        } else {
            guard principalID != nil, let written = root["policyDocument"] else { throw .malformedAnswer }
            do throws(PolicyFault) {
                policy = try CallerPolicy(written)
            } catch {
                throw error == .unsupported ? .unsupportedPolicy : .malformedAnswer
            }
        }
        var facts: [Principal.Fact] = []
        if let principalID { facts.append(Principal.Fact(name: "principalId", value: principalID)) }
        if let context = root["context"], !context.isNull {
            guard context.isObject else { throw .malformedAnswer }
            for (name, value) in context.members.prefix(Self.mostFacts) where name != "principalId" {
                // To the format 1.0 the values are flat.
                if !simple, value.isObject || value.elements != nil { throw .malformedAnswer }
                let text = value.text ?? value.source
                guard !value.isNull, name.utf8.count + text.utf8.count <= Self.mostFactBytes else { continue }
                facts.append(Principal.Fact(name: name, value: text))
            }
        }
        context = facts
    }
}

extension Denial {
    /// The service says that the caller is nobody it knows.
    static let unauthorized = Denial(401, "authorizer.unauthorized")
    /// The policy does not allow this call.
    static let notPermitted = Denial(403, "authorizer.not-permitted")
    /// The service failed, or cannot be reached.
    static let externalFailure = Denial(500, "authorizer.external-failure")
    /// The service took too long.
    static let externalTimeout = Denial(500, "authorizer.external-timeout")
    /// The service answered something that is no answer.
    static let malformedAnswer = Denial(500, "authorizer.malformed-answer")
    /// The policy has conditions or negations.
    static let unsupportedPolicy = Denial(500, "authorizer.unsupported-policy")
}
