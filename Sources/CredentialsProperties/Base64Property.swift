import Credentials

/// - Any bytes, written and read, are the same.
/// - A text is taken only if it is the one that stands for its bytes, and every such text is taken.
enum Base64Property {
    static func check(_ input: [UInt8]) throws(Violation) {
        for form in [Base64.padded, .unpadded, .url] {
            let text = form.encode(input)
            try hold(form.decode(text) == input, "\(form) reads \(text.quoted) as \(form.decode(text) ?? [])")
            let bytes = form.decode(input)
            let expected = reference(input, form)
            try hold(bytes == expected, "\(form) reads \(input.quoted) as \(bytes ?? []), not \(expected ?? [])")
            if let bytes {
                let again = form.encode(bytes)
                try hold(again == input, "\(form) reads \(input.quoted), but writes \(again.quoted)")
            }
        }
    }

    /// The text as one long number of bits.
    static func reference(_ text: [UInt8], _ form: Base64) -> [UInt8]? {
        var text = text
        if case .padded = form {
            guard text.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where text.last == UInt8(ascii: "=") { text.removeLast() }
        }
        var bits: [Bool] = []
        for byte in text {
            guard let value = value(byte, form) else { return nil }
            for place in (0..<6).reversed() { bits.append(value >> place & 1 == 1) }
        }
        guard bits.count % 8 < 6, !bits.suffix(bits.count % 8).contains(true) else { return nil }
        return stride(from: 0, to: bits.count - bits.count % 8, by: 8).map { start in
            bits[start..<(start + 8)].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
        }
    }

    private static func value(_ byte: UInt8, _ form: Base64) -> Int? {
        let others = if case .url = form { "-_" } else { "+/" }
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + others
        return Array(digits.utf8).firstIndex(of: byte)
    }
}
