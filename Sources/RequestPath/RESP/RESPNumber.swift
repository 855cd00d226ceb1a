import NIOCore

/// The numbers of RESP, which are texts.
enum RESPNumber {
    private static let plus = UInt8(ascii: "+")
    private static let minus = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")

    /// A number of 64 bits, with an optional sign.
    static func integer(_ text: ByteBuffer) throws(RESPFault) -> Int64 {
        let source = text
        let digits = source.readableBytesUInt8Span
        guard digits.count > 0 else { throw .badNumber }
        let isNegative = digits[0] == minus
        var index = isNegative || digits[0] == plus ? 1 : 0
        guard index < digits.count else { throw .badNumber }
        // Downwards, since the least number has no positive counterpart.
        var number: Int64 = 0
        while index < digits.count {
            let digit = digits[index] &- zero
            guard digit <= 9 else { throw .badNumber }
            let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
            let (next, underflow) = tenfold.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !underflow else { throw .badNumber }
            number = next
            index += 1
        }
        if isNegative { return number }
        guard number != .min else { throw .badNumber }
        return -number
    }

    /// A length: digits without a sign; `nil` for `-1` where that stands for null.
    static func length(_ text: ByteBuffer, mayBeNull: Bool) throws(RESPFault) -> Int? {
        switch text.getInteger(at: text.readerIndex, as: UInt8.self) {
        case UInt8(ascii: "?")? where text.readableBytes == 1: throw .streamed
        case plus?: throw .badNumber
        default: break
        }
        let number = try integer(text)
        if number >= 0, text.getInteger(at: text.readerIndex) != minus { return Int(number) }
        guard number == -1, text.readableBytes == 2, mayBeNull else { throw .badNumber }
        return nil
    }

    /// Digits, with an optional sign.
    static func checkDigits(_ text: ByteBuffer) throws(RESPFault) {
        let source = text
        let bytes = source.readableBytesUInt8Span
        let start = bytes.count > 0 && (bytes[0] == minus || bytes[0] == plus) ? 1 : 0
        guard skipDigits(bytes, from: start) == bytes.count, start < bytes.count else { throw .badNumber }
    }

    /// A decimal number with optional fraction and exponent, or `inf`, `-inf`, `nan`.
    static func double(_ text: ByteBuffer) throws(RESPFault) -> Double {
        let source = text
        let bytes = source.readableBytesUInt8Span
        // What the standard library reads in addition (hexadecimal, `infinity`, payloads of nan) is no RESP.
        if bytes.count > 0, bytes[bytes.count - 1] &- zero > 9 {
            switch String(buffer: text) {
            case "inf", "+inf": return .infinity
            case "-inf": return -.infinity
            case "nan", "-nan": return .nan
            default: throw .badNumber
            }
        }
        var index = bytes.count > 0 && (bytes[0] == minus || bytes[0] == plus) ? 1 : 0
        let whole = skipDigits(bytes, from: index)
        guard whole > index else { throw .badNumber }
        index = whole
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            let fraction = skipDigits(bytes, from: index + 1)
            guard fraction > index + 1 else { throw .badNumber }
            index = fraction
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == minus || bytes[index] == plus { index += 1 }
            let exponent = skipDigits(bytes, from: index)
            guard exponent > index else { throw .badNumber }
            index = exponent
        }
        guard index == bytes.count, let number = Double(String(buffer: text)) else { throw .badNumber }
        return number
    }

    private static func skipDigits(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] &- zero <= 9 { index += 1 }
        return index
    }
}
