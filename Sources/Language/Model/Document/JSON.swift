/// A JSON value (RFC 8259) whose objects keep the order of their members.
indirect enum JSON: Equatable {
    case null
    case bool(Bool)
    /// As it is written, so that no digit is lost.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One member of an object.
    struct Member: Equatable {
        var name: String
        var value: JSON
    }

    /// The members of an object; none for anything else.
    var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// The value of a member.
    subscript(name: String) -> JSON? {
        members.first { $0.name == name }?.value
    }

    /// On one line, without blanks.
    var compactText: String {
        var text = ""
        write(to: &text, indentation: nil)
        return text
    }

    /// On lines indented by two spaces.
    var indentedText: String {
        var text = ""
        write(to: &text, indentation: 0)
        return text + "\n"
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .number(String(value)) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }
}

extension JSON {
    /// What a YAML node says in JSON, by the core schema of YAML 1.2: quoted scalars are texts, plain ones may be
    /// null, booleans or numbers.
    init(_ node: YAMLNode) {
        switch node.content {
        case .sequence(let elements): self = .array(elements.map(JSON.init))
        case .mapping(let entries):
            self = .object(entries.map { Member(name: $0.key.text, value: JSON($0.value)) })
        case .faulty: self = .null
        case .scalar(let text, let isPlain):
            if node.isNull {
                self = .null
            } else if isPlain, text == "true" || text == "false" {
                self = .bool(text == "true")
            } else if isPlain, Self.isNumber(text) {
                self = .number(text)
            } else {
                self = .string(text)
            }
        }
    }

    /// Whether a text is a `number` of RFC 8259, section 6.
    private static func isNumber(_ text: String) -> Bool {
        (try? /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/.wholeMatch(in: text)) != nil
    }

    private func write(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let value): text += value
        case .string(let value): Self.write(value, to: &text)
        case .array(let elements):
            Self.write(elements, between: ("[", "]"), to: &text, indentation: indentation) { element, text, inner in
                element.write(to: &text, indentation: inner)
            }
        case .object(let members):
            Self.write(members, between: ("{", "}"), to: &text, indentation: indentation) { member, text, inner in
                Self.write(member.name, to: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, indentation: inner)
            }
        }
    }

    private static func write<Part>(
        _ parts: [Part],
        between brackets: (String, String),
        to text: inout String,
        indentation: Int?,
        part: (Part, inout String, Int?) -> Void
    ) {
        text += brackets.0
        let inner = indentation.map { $0 + 2 }
        for (index, element) in parts.enumerated() {
            if index > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: " ", count: inner) }
            part(element, &text, inner)
        }
        if let indentation, !parts.isEmpty { text += "\n" + String(repeating: " ", count: indentation) }
        text += brackets.1
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case let control where control.value < 0x20:
                let digits = String(control.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
