import Credentials

/// The input's first byte says which form the route has; the rest is what stands behind the base64, and once more the value itself.
/// - What is taken are the parts of the text, within the limits; what is refused is none.
enum BasicProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        let form = (input.first ?? 0) % 2 == 0 ? BasicCredentials.Form.userPassword : .userPasswordKey
        let text = Array(input.dropFirst())
        let value = Array("BaSiC  ".utf8) + Base64.padded.encode(text)
        let read = try? BasicCredentials(value.span, form: form)
        let expected = value.count > BasicCredentials.mostBytes ? nil : reference(text, form)
        let parts = read.map { [Array($0.user.utf8), $0.password] + ($0.apiKey.map { [$0] } ?? []) }
        try hold(parts == expected, "\(text.quoted) is read as \(parts ?? []), not \(expected ?? [])")
        // Anything may come as a value; only what a base64 text says is taken.
        if let direct = try? BasicCredentials(text.span, form: form) {
            let again = Array("\(direct.user):".utf8) + direct.password + (direct.apiKey.map { [0x3A] + $0 } ?? [])
            let end = Base64.padded.encode(again)
            try hold(text.suffix(end.count) == end[...], "\(text.quoted) is read as \(again.quoted)")
        }
    }

    private static func reference(_ text: [UInt8], _ form: BasicCredentials.Form) -> [[UInt8]]? {
        guard let decoded = String(validating: text, as: UTF8.self),
            !decoded.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else { return nil }
        var parts = text.split(separator: 0x3A, omittingEmptySubsequences: false).map(Array.init)
        let user = parts.removeFirst()
        guard (1...BasicCredentials.mostNameBytes).contains(user.count), !parts.isEmpty else { return nil }
        var key: [UInt8]?
        if form == .userPasswordKey {
            let last = parts.removeLast()
            guard (1...BasicCredentials.mostNameBytes).contains(last.count), !parts.isEmpty else { return nil }
            key = last
        }
        let password = Array(parts.joined(separator: [0x3A]))
        guard password.count <= BasicCredentials.mostPasswordBytes else { return nil }
        return [user, password] + (key.map { [$0] } ?? [])
    }
}
