public import Credentials

/// A key of somebody who manages.
public struct AccessKey: Sendable, Hashable {
    /// What requests name.
    public let id: String
    /// What they are signed with.
    public let secret: String

    /// Makes a key.
    public init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }
}

/// Lets requests in that are signed with an access key (AWS Signature Version 4).
public struct AccessGuard: Sendable {
    /// How it is known who may come in.
    public enum Admission: Sendable {
        /// Who has one of the keys.
        case keys(@Sendable (_ id: String) async throws -> AccessKey?)
        /// Everybody. Signatures are read for the service and the region, and not verified.
        case everybody
    }

    /// What a request's signature says, once it is known to be good.
    public struct Admitted: Sendable {
        /// `apigateway`; `nil` when nothing was signed.
        public let service: String?
        /// `us-east-1`; `nil` when nothing was signed.
        public let region: String?
    }

    private let admission: Admission
    /// Seconds since 1970; `nil` takes signatures of any age.
    private let now: (@Sendable () -> Int64)?

    /// Makes a guard.
    public init(_ admission: Admission, now: (@Sendable () -> Int64)?) {
        self.admission = admission
        self.now = now
    }

    /// Verifies a request.
    /// - Throws: an `AWSError` with what the client has to be told, or what the store of keys says when it can't be read.
    public func admit(_ request: AWSRequest) async throws -> Admitted {
        do throws(AWSSignatureFailure) {
            guard case .keys(let find) = admission else {
                // A page in somebody's browser can send requests here, and can't leave out who it is.
                if request.field("origin") != nil { throw AWSSignatureFailure.absent }
                let signature = try? AWSSignature(of: request)
                return Admitted(service: signature?.service, region: signature?.region)
            }
            let signature = try AWSSignature(of: request)
            let found: Result<AccessKey?, any Error>
            do { found = .success(try await find(signature.accessKeyID)) } catch { found = .failure(error) }
            guard let key = try? found.get() else { throw AWSSignatureFailure.unknownKey }
            try signature.verify(request, secret: key.secret, at: now?())
            return Admitted(service: signature.service, region: signature.region)
        } catch {
            throw AWSError(status: 403, code: error.code, message: error.message)
        }
    }
}
