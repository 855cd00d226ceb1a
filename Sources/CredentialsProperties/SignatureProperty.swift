import Credentials
import Crypto

/// The input is a request: a line each for the method, the target and the authority, then fields as `name: value`.
/// - The signature base of each entry has one line for each component, which begins with it, and one for the parameters; no
///   value makes another line.
/// - What was signed is taken, and neither with another signature nor with another method if that is covered.
enum SignatureProperty {
    private static let secret = [UInt8](repeating: 0x6B, count: 32)

    static func check(_ input: [UInt8]) throws(Violation) {
        let request = request(input)
        let field = value(of: "signature-input", in: request)
        guard let dictionary = try? StructuredDictionary(field) else { return }
        for entry in dictionary.entries {
            guard case .list(let members, _) = entry.content,
                let base = try? SignatureBase(of: request, input: dictionary, entry: entry).bytes
            else { continue }
            try checkLines(base, dictionary, entry, members)
            try checkSignature(base, request, dictionary, entry)
        }
    }

    private static func checkLines(
        _ base: [UInt8],
        _ dictionary: StructuredDictionary,
        _ entry: StructuredDictionary.Entry,
        _ members: Range<Int>
    ) throws(Violation) {
        let lines = base.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        try hold(lines.count == members.count + 1, "\(base.quoted) has no line for each component")
        for (line, index) in zip(lines, members) {
            var name: [UInt8] = []
            dictionary.write(dictionary.members[index], to: &name)
            try hold(line.starts(with: name + [0x3A, 0x20]), "\(line.quoted) is not of \(name.quoted)")
        }
        var last = Array(#""@signature-params": "#.utf8)
        dictionary.write(entry.content, to: &last)
        try hold(lines.last == last, "the base ends with \(lines.last?.quoted ?? "nothing"), not \(last.quoted)")
        let isPlain = base.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 || $0 == 0x0A }
        try hold(isPlain, "\(base.quoted) has other bytes than text")
    }

    private static func checkSignature(
        _ base: [UInt8],
        _ request: PlainRequest,
        _ dictionary: StructuredDictionary,
        _ entry: StructuredDictionary.Entry
    ) throws(Violation) {
        let label = String(decoding: dictionary.bytes[entry.key], as: UTF8.self)
        guard let created = Self.created(entry, dictionary),
            !base.split(separator: 0x0A).dropLast().contains(where: isOfSignature)
        else { return }
        var code = Array(HMAC<SHA256>.authenticationCode(for: base, using: SymmetricKey(data: secret)))
        let signed = signing(request, label, code)
        let policy = SignaturePolicy(required: [], label: label, requiresContentDigest: false)
        guard let signature = try? MessageSignature(of: signed, policy: policy, now: created), let key = Self.key else {
            return
        }
        try hold(signature.created == created, "created at \(created), but \(signature.created) is read")
        do throws(SignatureFailure) {
            _ = try signature.verified(of: signed, by: key)
        } catch {
            try hold(
                error == .algorithmRefused || error == .unusableDigest,
                "\(base.quoted), signed, is refused: \(error)"
            )
            return
        }
        var other = signed
        other.method += "X"
        let coversMethod =
            base.starts(with: Array("\"@method\": ".utf8)) || base.quoted.contains("\\n\\\"@method\\\": ")
        let isTaken = (try? signature.verified(of: other, by: key)) != nil
        try hold(isTaken != coversMethod, "another method, with \(base.quoted), is \(isTaken ? "taken" : "refused")")
        code[0] ^= 1
        let forged = try? MessageSignature(of: signing(request, label, code), policy: policy, now: created)
        let isForgedTaken = (try? forged?.verified(of: signed, by: key)) != nil
        try hold(!isForgedTaken, "another signature of \(base.quoted) is taken")
    }

    private static var key: MessageKey? {
        guard let material = try? KeyMaterial(secret: secret) else { return nil }
        return try? MessageKey(material)
    }

    /// Whether a line is of the field that the signature itself stands in, so that it can't be made before the base.
    private static func isOfSignature(_ line: ArraySlice<UInt8>) -> Bool {
        line.starts(with: Array(#""signature""#.utf8))
    }

    private static func created(_ entry: StructuredDictionary.Entry, _ dictionary: StructuredDictionary) -> Int64? {
        guard case .list(_, let parameters) = entry.content,
            let item = dictionary.parameter("created", in: parameters), item.kind == .integer
        else { return nil }
        return item.value
    }

    private static func signing(_ request: PlainRequest, _ label: String, _ code: [UInt8]) -> PlainRequest {
        var request = request
        request.fields.removeAll { $0.name == "signature" }
        request.fields.append(
            ("signature", "\(label)=:\(String(decoding: Base64.padded.encode(code), as: UTF8.self)):")
        )
        return request
    }

    private static func request(_ input: [UInt8]) -> PlainRequest {
        var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }[...]
        var request = PlainRequest(
            method: lines.popFirst() ?? "",
            authority: "",
            target: lines.popFirst() ?? ""
        )
        request.authority = lines.popFirst() ?? ""
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { continue }
            request.fields.append((parts[0].lowercased(), parts[1]))
        }
        return request
    }

    /// The lines of a field with commas between, as a reader without a signature base would take them together.
    private static func value(of name: String, in request: PlainRequest) -> [UInt8] {
        let spaces: Set<Character> = [" ", "\t", "\r"]
        let values = request.fields.filter { $0.name == name }.map { field in
            String(field.value.drop { spaces.contains($0) }.reversed().drop { spaces.contains($0) }.reversed())
        }
        return Array(values.joined(separator: ", ").utf8)
    }
}
