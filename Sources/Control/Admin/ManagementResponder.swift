public import AWSWire
import Credentials
import Foundation
import HTTPTypes
public import Logging
public import Management

/// Answers AWS's own tools on the operator's listener. Free of sockets.
///
/// AWS gives each of its services an endpoint; here they share one. So the service is told by what the request was signed for, and of
/// those that are signed alike (both versions of API Gateway), or by nobody, by the path.
public struct ManagementResponder: Sendable {
    private let service: ManagementService
    private let access: AccessGuard
    private let logger: Logger
    /// Whether everybody may have all of it forgotten.
    private let mayBeReset: Bool
    /// For requests that were not signed.
    private let defaultRegion = "us-east-1"

    /// Makes a responder.
    /// - Parameter mayBeReset: whether `POST /reset` empties it.
    public init(service: ManagementService, access: AccessGuard, mayBeReset: Bool, logger: Logger) {
        self.mayBeReset = mayBeReset
        self.service = service
        self.access = access
        self.logger = logger
    }

    private static let signingName = "apigateway"
    private static let paths: Set<Substring> = [
        "restapis", "apikeys", "usageplans", "domainnames", "domainnameaccessassociations", "vpclinks", "account",
        "clientcertificates", "sdktypes", "tags", "v2",
    ]

    /// Whether a request is one of AWS's tools.
    func takes(_ request: HTTPRequest) -> Bool {
        if request.headerFields[.authorization]?.hasPrefix("AWS4-HMAC-SHA256") == true { return true }
        let target = request.path ?? ""
        if mayBeReset, target.prefix(while: { $0 != "?" }) == Self.resetPath { return true }
        if target.contains("X-Amz-Algorithm=") { return true }
        return target.prefix { $0 != "?" }.split(separator: "/").first.map(Self.paths.contains) ?? false
    }

    /// The most bytes of a request's body, as AWS has it for a whole API.
    private static let mostBodyBytes = 6 << 20

    /// The answer to a request.
    /// - Parameter body: reads its body; throws when it has more bytes than are told.
    func answer(
        to request: HTTPRequest,
        body: (_ mostBytes: Int) async throws -> [UInt8]
    ) async -> AdminAnswer {
        guard request.path?.prefix(while: { $0 != "?" }) != Self.resetPath else { return await reset(by: request) }
        guard let body = try? await body(Self.mostBodyBytes) else {
            return Self.answer(
                AWSError(
                    status: 413,
                    code: "RequestEntityTooLargeException",
                    message: "A request has at most \(Self.mostBodyBytes) bytes"
                )
            )
        }
        let id = UUID().uuidString.lowercased()
        var answer: AdminAnswer
        do {
            answer = try await made(of: Self.signed(request, body))
        } catch let error as AWSError {
            answer = Self.answer(error)
        } catch {
            logger.error("the management API can't answer", metadata: ["request_id": "\(id)", "reason": "\(error)"])
            answer = Self.answer(
                AWSError(
                    status: 500,
                    code: "InternalFailure",
                    message: "The gateway's store can't be used; its log says why"
                )
            )
        }
        answer.add("x-amzn-RequestId", id)
        return answer
    }

    private static let resetPath: Substring = "/reset"

    /// Has everything forgotten but the access keys: for tests, which begin with nothing.
    private func reset(by request: HTTPRequest) async -> AdminAnswer {
        guard request.method == .post else {
            var answer = AdminAnswer(.methodNotAllowed, AdminResponder.Complaint(error: "/reset takes POST"))
            answer.fields[.allow] = "POST"
            return answer
        }
        // A page in somebody's browser can send a POST here, and can't leave out who it is.
        guard request.headerFields[.origin] == nil else {
            return AdminAnswer(.forbidden, AdminResponder.Complaint(error: "/reset is not for pages of other sites"))
        }
        do {
            try await service.reset()
            return AdminAnswer(.ok, ["reset": true])
        } catch {
            return AdminAnswer(.internalServerError, AdminResponder.Complaint(error: "the store can't be used"))
        }
    }

    private func made(of request: AWSRequest) async throws -> AdminAnswer {
        let admitted = try await access.admit(request)
        let model = ServiceModel.of(path: request.path)
        if let service = admitted.service, service != Self.signingName {
            let failure = AWSSignatureFailure.wrongService(expected: Self.signingName)
            throw AWSError(status: 403, code: failure.code, message: failure.message)
        }
        let input = try OperationInput(request, of: model)
        let region = admitted.region ?? defaultRegion
        let document = try await service.answer(input, service: model.service, region: region)
        let status = HTTPResponse.Status(code: input.status)
        guard let document else { return AdminAnswer(status, type: nil, body: "") }
        return AdminAnswer(status, type: "application/json", body: document.json)
    }

    private static func answer(_ error: AWSError) -> AdminAnswer {
        let document: WireValue = ["message": .string(error.message)]
        var answer = AdminAnswer(
            HTTPResponse.Status(code: error.status),
            type: "application/json",
            body: document.json
        )
        answer.add("x-amzn-ErrorType", error.code)
        return answer
    }

    private static func signed(_ request: HTTPRequest, _ body: [UInt8]) -> AWSRequest {
        let parts = (request.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var fields = request.headerFields.map { (name: $0.name.canonicalName, value: $0.value) }
        if let authority = request.authority { fields.append((name: "host", value: authority)) }
        return AWSRequest(
            method: request.method.rawValue,
            path: String(parts[0]),
            query: parts.count == 2 ? String(parts[1]) : "",
            fields: fields,
            body: body
        )
    }
}

extension AdminAnswer {
    /// Adds a field that AWS has a name of its own for.
    fileprivate mutating func add(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { fields[name] = value }
    }
}
