/// What a service answers in place of what was asked for: a status, and a code and a message that clients know.
public struct AWSError: Error, Sendable, Hashable {
    /// The HTTP status.
    public var status: Int
    /// The name of the error: `NotFoundException`.
    public var code: String
    /// What is told of it.
    public var message: String

    /// Makes an error.
    public init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// A rule of the service is broken.
    public static func badRequest(_ message: String) -> AWSError {
        AWSError(status: 400, code: "BadRequestException", message: message)
    }

    /// There is no such thing.
    public static func notFound(_ message: String) -> AWSError {
        AWSError(status: 404, code: "NotFoundException", message: message)
    }

    /// It is in the way of something else.
    public static func conflict(_ message: String) -> AWSError {
        AWSError(status: 409, code: "ConflictException", message: message)
    }

    /// The request does not keep to the service's model.
    public static func validation(_ message: String) -> AWSError {
        AWSError(status: 400, code: "ValidationException", message: message)
    }

    /// The body can't be read.
    public static func serialization(_ message: String) -> AWSError {
        AWSError(status: 400, code: "SerializationException", message: message)
    }

    /// No operation of the service has this method and path.
    public static let unknownOperation = AWSError(
        status: 403,
        code: "MissingAuthenticationTokenException",
        message: "Missing Authentication Token"
    )

    /// The operation is the service's, and this gateway has none yet.
    public static func notServed(_ operation: String) -> AWSError {
        AWSError(
            status: 501,
            code: "UnsupportedOperationException",
            message: "\(operation) is not served by this gateway. What is served: docs/management.md"
        )
    }
}
