internal import Foundation

/// A value of JSON as AWS's services take and give it: whole numbers apart from others, objects without an order.
public indirect enum WireValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([WireValue])
    case object([String: WireValue])

    /// The text of a string.
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    /// The members of an object.
    public var object: [String: WireValue]? { if case .object(let members) = self { members } else { nil } }
    /// The elements of a list.
    public var list: [WireValue]? { if case .list(let elements) = self { elements } else { nil } }
    /// Whether it is `true`; `nil` for what is no boolean.
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    /// A whole number.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The member of an object. What is set to `nil` is taken away; what was no object becomes one.
    public subscript(name: String) -> WireValue? {
        get { object?[name] }
        set {
            var members = object ?? [:]
            members[name] = newValue
            self = .object(members)
        }
    }
}

extension WireValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: WireValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, WireValue)...) {
        self = .object(Dictionary(elements) { $1 })
    }
}

extension WireValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode([WireValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: WireValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// Reads a JSON text.
    public init(json: some Sequence<UInt8>) throws {
        self = try JSONDecoder().decode(WireValue.self, from: Data(json))
    }

    /// On one line, the members of objects in the order of their names.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

extension WireValue: CustomStringConvertible {
    /// As AWS shows a value in its messages: texts without quotes, lists in brackets.
    public var description: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .list(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") + "}"
        }
    }
}
