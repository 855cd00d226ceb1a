/// Reads the tables that `scripts/service-models` writes. They are part of the program, so a mistake in them ends it at once.
///
/// First a line for each operation, `Name METHOD /path 201 Structure` (`-` for one that takes nothing), then an empty one, then a line for
/// each structure: its name and its members, `wireName=Name!@place:type`. What is not said is left out: the name where it is the same, `!`
/// where the member need not be there, the place where it is a member of the body's object. Types are `string<1:64>/pattern/`,
/// `integer<0:9>`, `double`, `boolean`, `timestamp`, `blob`, `(A|B)` for a choice, `[type]`, `{type}` for a map, or a structure's name.
enum ServiceModelParser {
    static func parse(_ text: String) -> (
        operations: [ServiceModel.Operation], structures: [String: [ServiceModel.Member]]
    ) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let end = lines.firstIndex { $0.isEmpty } ?? lines.endIndex
        var structures: [String: [ServiceModel.Member]] = [:]
        for line in lines[end...] where !line.isEmpty {
            let words = line.split(separator: " ")
            structures[String(words[0])] = words.dropFirst().map(member)
        }
        let operations = lines[..<end].map { line in
            let words = line.split(separator: " ")
            let target = words[2].split(separator: "?")
            return ServiceModel.Operation(
                name: String(words[0]),
                method: String(words[1]),
                path: target[0].split(separator: "/").map(segment),
                query: target.count == 2 ? String(target[1]) : nil,
                status: Int(words[3]) ?? 200,
                input: structures[String(words[4])] ?? []
            )
        }
        return (operations, structures)
    }

    private static func segment(_ text: Substring) -> ServiceModel.Operation.Segment {
        text.first == "{" ? .parameter(String(text.dropFirst().dropLast())) : .literal(String(text))
    }

    private static func member(_ text: Substring) -> ServiceModel.Member {
        // A type may have colons in it, what stands before it has none.
        let parts = text.split(separator: ":", maxSplits: 1)
        let placed = parts[0].split(separator: "@")
        let isRequired = placed[0].last == "!"
        let names = (isRequired ? placed[0].dropLast() : placed[0]).split(separator: "=")
        let name = String(names[names.count - 1])
        return ServiceModel.Member(
            name: name.prefix(1).lowercased() + name.dropFirst(),
            wireName: String(names[0]),
            isRequired: isRequired,
            place: placed.count == 2 ? ServiceModel.Place(rawValue: String(placed[1])) ?? .member : .member,
            shape: shape(parts[1])
        )
    }

    private static func shape(_ text: Substring) -> ServiceModel.Shape {
        switch text.first {
        case "[": return .list(shape(text.dropFirst().dropLast()))
        case "{": return .map(shape(text.dropFirst().dropLast()))
        case "(": return .choice(text.dropFirst().dropLast().split(separator: "|").map(String.init))
        default: break
        }
        let name = text.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        var rest = text[name.endIndex...]
        var bounds: [Int64?] = [nil, nil]
        if rest.first == "<", let end = rest.firstIndex(of: ">") {
            bounds = rest[..<end].dropFirst().split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
            rest = rest[rest.index(after: end)...]
        }
        let pattern = rest.first == "/" ? String(rest.dropFirst().dropLast()) : nil
        let isBounded = bounds.contains { $0 != nil }
        switch name {
        case "string":
            let lengths = Int(bounds[0] ?? 0)...Int(bounds[1] ?? .max)
            return .string(lengths: isBounded ? lengths : nil, pattern: pattern)
        case "integer": return .integer(isBounded ? (bounds[0] ?? .min)...(bounds[1] ?? .max) : nil)
        case "double": return .double
        case "boolean": return .boolean
        case "timestamp": return .timestamp
        case "blob": return .blob
        default: return .structure(String(name))
        }
    }
}
