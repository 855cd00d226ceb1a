/// What is known of a service's wire: its operations, and the shapes of what they take.
public struct ServiceModel: Sendable {
    /// What a value may be.
    indirect enum Shape: Sendable, Hashable {
        case string(lengths: ClosedRange<Int>?, pattern: String?)
        case integer(ClosedRange<Int64>?)
        case double
        case boolean
        case timestamp
        /// Bytes: of a body as it is, of any other place in Base64.
        case blob
        case choice([String])
        case list(Shape)
        case map(Shape)
        /// By its name in `structures`, since some have themselves in them.
        case structure(String)
    }

    /// Where a member stands in a request.
    enum Place: String, Sendable {
        case uri, querystring, header
        /// A member of the body's object.
        case member
        /// The body as a whole.
        case body
    }

    struct Member: Sendable, Hashable {
        /// As the service's model names it, with a small letter at first.
        var name: String
        /// As it stands in the request.
        var wireName: String
        var isRequired: Bool
        var place: Place
        var shape: Shape
    }

    /// One operation.
    public struct Operation: Sendable {
        /// `CreateRestApi`.
        public let name: String
        let method: String
        let path: [Segment]
        /// What the query has to say: `mode=import`.
        let query: String?
        /// The status when all went well.
        public let status: Int
        let input: [Member]

        enum Segment: Sendable, Hashable {
            case literal(String)
            case parameter(String)
        }
    }

    /// `apigateway`.
    public let service: String
    /// In the order of their names.
    public let operations: [Operation]
    let structures: [String: [Member]]

    init(service: String, text: String) {
        let tables = ServiceModelParser.parse(text)
        self.service = service
        operations = tables.operations
        structures = tables.structures
    }

    /// The operation of a request, and the values of its path's parameters, still encoded.
    /// - Parameters:
    ///   - path: segments, as they were sent.
    ///   - query: decoded.
    func operation(method: String, path: [Substring], query: [(name: String, value: String)]) -> (
        Operation, [String: Substring]
    )? {
        var found: (operation: Operation, values: [String: Substring])?
        for operation in operations where operation.method == method && operation.path.count == path.count {
            if let wanted = operation.query {
                guard query.contains(where: { "\($0.name)=\($0.value)" == wanted }) else { continue }
            } else if found?.operation.query != nil {
                continue
            }
            var values: [String: Substring] = [:]
            let matches = zip(operation.path, path).allSatisfy { segment, text in
                switch segment {
                case .literal(let literal): return text == literal
                case .parameter(let name):
                    values[name] = text
                    return !text.isEmpty
                }
            }
            guard matches else { continue }
            // A path that says more by itself comes before one with more parameters.
            if found == nil || operation.query != nil || values.count < found?.values.count ?? 0 {
                found = (operation, values)
            }
        }
        return found
    }
}

extension ServiceModel {
    /// The one of API Gateway's two services that has a path.
    public static func of(path: String) -> ServiceModel { path.hasPrefix("/v2/") ? apiGatewayV2 : apiGateway }
}
