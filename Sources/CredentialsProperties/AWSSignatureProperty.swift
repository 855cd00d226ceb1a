import Credentials
import Crypto

/// The input is a request: a line each for the method and the target, fields as `name: value`, and after an empty line the body.
/// - What it says of a signature itself is of no secret that we know, so it is not taken.
/// - Signed by another implementation it is taken, and no longer with another method, path, parameter, body or secret.
enum AWSSignatureProperty {
    private static let secret = "a secret of nobody"
    private static let (day, time, region, service) = ("20260102", "20260102T030405Z", "eu-west-1", "apigateway")

    static func check(_ input: [UInt8]) throws(Violation) {
        let request = request(input)
        if let signature = try? AWSSignature(of: request) {
            try hold(!isTaken(signature, request), "a signature by nobody is taken: \(request)")
        }
        let signed = sign(request)
        let signature: AWSSignature
        do throws(AWSSignatureFailure) {
            signature = try AWSSignature(of: signed)
            try signature.verify(signed, secret: secret, at: signature.signedAt.seconds)
        } catch {
            throw Violation(description: "\(signed), signed, is refused: \(error)")
        }
        var others = [signed, signed, signed, signed]
        others[0].method += "X"
        others[1].path += "/x"
        others[2].query += "&x=1"
        others[3].body.append(0)
        for other in others { try hold(!isTaken(signature, other), "\(other) is taken for \(signed)") }
        let isOthers = (try? signature.verify(signed, secret: secret + "x", at: nil)) != nil
        try hold(!isOthers, "\(signed) is taken for another's")
    }

    private static func isTaken(_ signature: AWSSignature, _ request: AWSRequest) -> Bool {
        (try? signature.verify(request, secret: secret, at: nil)) != nil
    }

    private static func request(_ input: [UInt8]) -> AWSRequest {
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        let head = lines.prefix { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
        let target = head.dropFirst().first ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = head.dropFirst(2).compactMap { line -> (name: String, value: String)? in
            let pair = line.split(separator: ":", maxSplits: 1)
            return pair.count == 2 ? (pair[0].lowercased(), String(pair[1])) : nil
        }
        return AWSRequest(
            method: head.first ?? "GET",
            path: parts.first.map(String.init) ?? "/",
            query: parts.count == 2 ? String(parts[1]) : "",
            fields: fields,
            body: Array(lines.dropFirst(head.count + 1).joined(separator: [0x0A]))
        )
    }

    // MARK: Signing, as the documentation has it

    private static func sign(_ request: AWSRequest) -> AWSRequest {
        var request = request
        let own: Set<String> = ["authorization", "x-amz-date", "x-amz-content-sha256"]
        request.fields.removeAll { own.contains($0.name) }
        if !request.fields.contains(where: { $0.name == "host" }) { request.fields.append(("host", "localhost")) }
        request.fields.append(("x-amz-date", time))
        let names = Set(request.fields.map(\.name)).filter { $0 == "host" || $0.hasPrefix("x-amz-") }.sorted()
        // A name that has a list's own signs in it can't stand in one.
        guard names.allSatisfy({ !$0.contains(";") && !$0.contains(",") && !$0.contains(" ") && !$0.contains("=") })
        else {
            return sign(
                AWSRequest(method: request.method, path: request.path, query: request.query, body: request.body)
            )
        }
        let fields = names.map { name in
            let values = request.fields.filter { $0.name == name }.map { field in
                let words = field.value.utf8.split { $0 == 0x20 || $0 == 0x09 }
                return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            }
            return "\(name):\(values.joined(separator: ","))\n"
        }
        let canonical = [
            request.method, canonicalPath(request.path), canonicalQuery(request.query), fields.joined(),
            names.joined(separator: ";"), Hexadecimal.encode(SHA256.hash(data: request.body)),
        ].joined(separator: "\n")
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let digest = Hexadecimal.encode(SHA256.hash(data: Array(canonical.utf8)))
        var key = SymmetricKey(data: Array("AWS4\(secret)".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(digest)"
        let code = Hexadecimal.encode(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
        let fieldNames = names.joined(separator: ";")
        let value = "AWS4-HMAC-SHA256 Credential=me/\(scope), SignedHeaders=\(fieldNames), Signature=\(code)"
        request.fields.append(("authorization", value))
        return request
    }

    private static func canonicalPath(_ path: String) -> String {
        var kept: [String] = []
        for part in Array(path.utf8).split(separator: 0x2F) {
            if part.elementsEqual("..".utf8) { kept = kept.dropLast() }
            if part.elementsEqual("..".utf8) || part.elementsEqual(".".utf8) { continue }
            kept.append(encoded(Array(part)))
        }
        guard !kept.isEmpty else { return "/" }
        return "/" + kept.joined(separator: "/") + (Array(path.utf8).last == 0x2F ? "/" : "")
    }

    private static func canonicalQuery(_ query: String) -> String {
        let pairs = query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return [encoded(decoded(Array(pair[..<end]))), encoded(decoded(Array(pair[end...].dropFirst())))]
        }
        let sorted = pairs.filter { $0[0] != "X-Amz-Signature" }.sorted { $0.lexicographicallyPrecedes($1) }
        return sorted.map { $0.joined(separator: "=") }.joined(separator: "&")
    }

    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), let code = Hexadecimal.decode(digits)?.first {
                decoded.append(code)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return bytes.map { byte in
            plain.contains(byte) ? String(UnicodeScalar(byte)) : "%" + Hexadecimal.encode([byte]).uppercased()
        }.joined()
    }
}
