public import Credentials
internal import Foundation

/// What a request asks of a service, checked against the service's model.
public struct OperationInput: Sendable {
    /// The operation's name.
    public let operation: String
    /// The status when all goes well.
    public let status: Int
    private let values: [String: WireValue]

    /// The value of a member, by the name of the service's model with a small letter at first; `nil` when it was not given, or as null.
    public subscript(name: String) -> WireValue? { values[name] }

    /// The text of a member that is a string.
    public func string(_ name: String) -> String? { values[name]?.string }

    /// Reads a request.
    /// - Throws: what the client has to be told: no such operation, a body that can't be read, or all constraints that are not kept.
    public init(_ request: AWSRequest, of model: ServiceModel) throws(AWSError) {
        let query = request.parameters.map {
            (name: String(decoding: $0.name, as: UTF8.self), value: String(decoding: $0.value, as: UTF8.self))
        }
        let path = request.path.split(separator: "/")
        guard let (operation, found) = model.operation(method: request.method, path: path, query: query) else {
            throw .unknownOperation
        }
        self.operation = operation.name
        status = operation.status
        var reading = InputReading(model: model, operation: operation)
        values = try reading.values(of: request, path: found, query: query)
        if let error = reading.error { throw error }
    }
}

/// Reads the members of one operation's input, and gathers the constraints that they do not keep.
struct InputReading {
    let model: ServiceModel
    let operation: ServiceModel.Operation
    private var violations: [String] = []

    init(model: ServiceModel, operation: ServiceModel.Operation) {
        self.model = model
        self.operation = operation
    }

    /// All violations in one error, as the service tells them; `nil` when there is none.
    var error: AWSError? {
        guard !violations.isEmpty else { return nil }
        let count = violations.count == 1 ? "1 validation error" : "\(violations.count) validation errors"
        return .validation("\(count) detected: \(violations.joined(separator: "; "))")
    }

    mutating func values(
        of request: AWSRequest,
        path: [String: Substring],
        query: [(name: String, value: String)]
    ) throws(AWSError) -> [String: WireValue] {
        let body = try members(of: request.body)
        let root = operation.name.prefix(1).lowercased() + operation.name.dropFirst() + "Input"
        var values: [String: WireValue] = [:]
        for member in operation.input {
            let given: WireValue? =
                switch member.place {
                case .uri: path[member.wireName].map { .string($0.removingPercentEncoding ?? String($0)) }
                case .querystring: queried(member, query)
                case .header: request.field(member.wireName.lowercased()).map { .string($0) }
                case .body: .string(String(decoding: request.body, as: UTF8.self))
                case .member: body[member.wireName]
                }
            let place = member.place == .member ? "\(root).\(member.name)" : member.name
            if let value = try checked(given, member, at: place) { values[member.name] = value }
        }
        return values
    }

    private func members(of body: [UInt8]) throws(AWSError) -> [String: WireValue] {
        guard operation.input.contains(where: { $0.place == .member }), !body.isEmpty else { return [:] }
        guard let value = try? WireValue(json: body) else { throw .serialization("The body is not JSON") }
        guard let members = value.object else { throw .serialization("The body is no object of JSON") }
        return members
    }

    /// What the query says of a member: texts, which stand for numbers and booleans, too.
    private func queried(_ member: ServiceModel.Member, _ query: [(name: String, value: String)]) -> WireValue? {
        if case .map = member.shape {
            let known = Set(operation.input.filter { $0.place == .querystring }.map(\.wireName))
            let rest = query.filter { !known.contains($0.name) }
            return rest.isEmpty ? nil : .object(Dictionary(rest.map { ($0.name, .string($0.value)) }) { $1 })
        }
        let given = query.filter { $0.name == member.wireName }.map(\.value)
        guard let first = given.first else { return nil }
        switch member.shape {
        case .list: return .list(given.map { .string($0) })
        case .integer: return Int64(first).map { .integer($0) } ?? .string(first)
        case .boolean: return .boolean(first == "true")
        default: return .string(first)
        }
    }

    // MARK: Constraints

    private mutating func checked(
        _ value: WireValue?,
        _ member: ServiceModel.Member,
        at place: String
    ) throws(AWSError) -> WireValue? {
        guard let value, value != .null else {
            if member.isRequired { violate("null", at: place, "Member must not be null", isQuoted: false) }
            return nil
        }
        return try checked(value, member.shape, at: place)
    }

    private mutating func checked(_ value: WireValue, _ shape: ServiceModel.Shape, at place: String) throws(AWSError)
        -> WireValue
    {
        switch shape {
        case .string(let lengths, let pattern):
            guard let text = value.asText else { throw wrongType(place, "a string") }
            check(text, lengths, pattern, at: place)
            return .string(text)
        case .choice(let choices):
            guard let text = value.asText else { throw wrongType(place, "a string") }
            if !choices.contains(text) { violate(text, at: place, "Member must \(Self.rule(of: choices))") }
            return .string(text)
        case .integer(let range):
            guard let number = value.asInteger else { throw wrongType(place, "a whole number") }
            check(number, range, at: place)
            return .integer(number)
        case .double:
            if case .integer(let number) = value { return .number(Double(number)) }
            guard case .number = value else { throw wrongType(place, "a number") }
            return value
        case .boolean:
            guard value.boolean != nil else { throw wrongType(place, "true or false") }
            return value
        case .timestamp, .blob: return value
        case .list(let element): return try checkedList(value, element, at: place)
        case .map(let element): return try checkedMap(value, element, at: place)
        case .structure(let name): return try checkedStructure(value, name, at: place)
        }
    }

    private mutating func checkedList(_ value: WireValue, _ element: ServiceModel.Shape, at place: String)
        throws(AWSError) -> WireValue
    {
        guard let elements = value.list else { throw wrongType(place, "a list") }
        // Lists of choices are told of as a whole.
        if case .choice(let choices) = element {
            let texts = elements.map(\.description)
            if !texts.allSatisfy(choices.contains) {
                violate(
                    value.description,
                    at: place,
                    "Member must satisfy constraint: [Member must \(Self.rule(of: choices))]"
                )
            }
            return value
        }
        var checkedElements: [WireValue] = []
        for (index, item) in elements.enumerated() {
            checkedElements.append(try checked(item, element, at: "\(place).\(index + 1).member"))
        }
        return .list(checkedElements)
    }

    private mutating func checkedMap(_ value: WireValue, _ element: ServiceModel.Shape, at place: String)
        throws(AWSError) -> WireValue
    {
        guard let members = value.object else { throw wrongType(place, "an object") }
        var checkedMembers: [String: WireValue] = [:]
        for (name, item) in members.sorted(by: { $0.key < $1.key }) where item != .null {
            checkedMembers[name] = try checked(item, element, at: "\(place).\(name).member")
        }
        return .object(checkedMembers)
    }

    private mutating func checkedStructure(_ value: WireValue, _ name: String, at place: String) throws(AWSError)
        -> WireValue
    {
        guard let given = value.object else { throw wrongType(place, "an object") }
        var checkedMembers: [String: WireValue] = [:]
        for member in model.structures[name] ?? [] {
            let value = try checked(given[member.wireName], member, at: "\(place).\(member.name)")
            if let value { checkedMembers[member.wireName] = value }
        }
        return .object(checkedMembers)
    }

    private mutating func check(_ text: String, _ lengths: ClosedRange<Int>?, _ pattern: String?, at place: String) {
        if let lengths, text.unicodeScalars.count > lengths.upperBound {
            violate(text, at: place, "Member must have length less than or equal to \(lengths.upperBound)")
        } else if let lengths, text.unicodeScalars.count < lengths.lowerBound {
            violate(text, at: place, "Member must have length greater than or equal to \(lengths.lowerBound)")
        }
        if let pattern, let expression = try? Regex(pattern), (try? expression.wholeMatch(in: text)) == nil {
            violate(text, at: place, "Member must satisfy regular expression pattern: \(pattern)")
        }
    }

    private mutating func check(_ number: Int64, _ range: ClosedRange<Int64>?, at place: String) {
        guard let range, !range.contains(number) else { return }
        let rule =
            number > range.upperBound
            ? "Member must have value less than or equal to \(range.upperBound)"
            : "Member must have value greater than or equal to \(range.lowerBound)"
        violate("\(number)", at: place, rule)
    }

    private mutating func violate(_ value: String, at place: String, _ rule: String, isQuoted: Bool = true) {
        let shown = isQuoted ? "'\(value)'" : value
        violations.append("Value \(shown) at '\(place)' failed to satisfy constraint: \(rule)")
    }

    /// The choices in the order in which the service tells them, where that is known to be another than its model's.
    private static func rule(of choices: [String]) -> String {
        let told = orders.first { Set($0) == Set(choices) } ?? choices
        return "satisfy enum value set: [\(told.joined(separator: ", "))]"
    }

    private static let orders = [
        ["add", "remove", "move", "test", "replace", "copy"],
        ["PRIVATE", "EDGE", "REGIONAL"],
    ]

    private func wrongType(_ place: String, _ expected: String) -> AWSError {
        .serialization("\(place) has to be \(expected)")
    }
}

extension WireValue {
    /// A string; numbers and booleans as they are written, which the service takes for one.
    fileprivate var asText: String? {
        switch self {
        case .string(let text): text
        case .integer, .number, .boolean: description
        default: nil
        }
    }

    fileprivate var asInteger: Int64? {
        switch self {
        case .integer(let value): value
        case .string(let text): Int64(text)
        default: nil
        }
    }
}
