/// Which requests a route takes (AWS: `RouteKey`).
public enum RouteKey: Sendable, Hashable {
    /// Whatever no other route of the API takes.
    case `default`
    /// A method and a path.
    case path(MethodMatch, PathTemplate)

    /// The method part of a route key.
    public enum MethodMatch: Sendable, Hashable {
        /// GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS, as at AWS.
        case any
        /// This method, by its case-sensitive name.
        case method(String)
    }

    /// Reads `GET /orders/{id}`, `ANY /x/{proxy+}` or `$default`.
    /// - Throws: a fault without location that says what is wrong.
    public init(_ text: String) throws(Fault) {
        if text == "$default" {
            self = .default
            return
        }
        let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true).map(Substring.init)
        guard parts.count == 2 else {
            throw Fault("a route key is \"METHOD /path\" or \"$default\"", text: text)
        }
        let method = String(parts[0])
        let match: MethodMatch
        if method == "ANY" {
            match = .any
        } else if Self.methods.contains(method) {
            match = .method(method)
        } else {
            let upper = method.uppercased()
            throw Fault(
                "a route's method is one of ANY, \(Self.methods.joined(separator: ", "))",
                text: method,
                suggestion: upper == "ANY" || Self.methods.contains(upper) ? upper : nil
            )
        }
        self = .path(match, try PathTemplate(String(parts[1])))
    }

    /// The methods a route key may name; `ANY` stands for all of them.
    public static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
}

extension RouteKey: CustomStringConvertible {
    /// As it is written in the file.
    public var description: String {
        switch self {
        case .default: "$default"
        case .path(.any, let template): "ANY \(template)"
        case .path(.method(let name), let template): "\(name) \(template)"
        }
    }
}
