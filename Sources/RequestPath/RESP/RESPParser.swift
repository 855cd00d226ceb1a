public import NIOCore

/// Reads values out of bytes that come in pieces of any size.
///
/// Strict, and resumable: every byte is looked at once, however the bytes are cut. A text that comes in one piece is a slice of
/// that piece; only what is cut is copied together. Attributes (`|`) are read, checked and dropped.
public struct RESPParser: Sendable {
    /// An array, map, set, push or attribute whose elements are being read.
    private struct Frame {
        var type: UInt8
        var remaining: Int
        var elements: [RESPValue]
    }

    /// A text whose length is known and whose bytes are awaited.
    private struct Text {
        var type: UInt8
        var length: Int
    }

    private let limits: RESPLimits
    private var frames: [Frame] = []
    private var text: Text?
    /// The start of a line or text that was cut. Of a line it holds no line end, but perhaps its first half.
    private var carried = ByteBuffer()
    /// Of the value at hand.
    private var size = 0
    private var announced = 0
    private var fault: RESPFault?

    /// Makes a parser at the start of a connection.
    public init(limits: RESPLimits = RESPLimits()) { self.limits = limits }

    /// Reads the next value and moves the reader behind it.
    /// - Returns: `nil` when all bytes were taken and the value goes on with the next ones.
    /// - Throws: what is wrong; the same again whenever it is asked for more.
    public mutating func parse(_ input: inout ByteBuffer) throws(RESPFault) -> RESPValue? {
        if let fault { throw fault }
        do throws(RESPFault) {
            return try next(&input)
        } catch {
            fault = error
            frames = []
            carried = ByteBuffer()
            throw error
        }
    }

    private mutating func next(_ input: inout ByteBuffer) throws(RESPFault) -> RESPValue? {
        while true {
            let scalar: RESPValue?
            if let awaited = text {
                guard let bytes = try readText(&input, length: awaited.length) else { return nil }
                text = nil
                scalar = try Self.value(of: bytes, type: awaited.type)
            } else {
                guard let line = try readLine(&input) else { return nil }
                scalar = try interpret(line)
            }
            if let scalar, let value = complete(scalar) {
                size = 0
                announced = 0
                return value
            }
        }
    }

    /// Puts a value that is whole into the one around it.
    /// - Returns: the outermost value, when that is whole now.
    private mutating func complete(_ value: RESPValue) -> RESPValue? {
        var value = value
        while let last = frames.indices.last {
            frames[last].elements.append(value)
            frames[last].remaining -= 1
            guard frames[last].remaining == 0 else { return nil }
            let frame = frames.removeLast()
            guard frame.type != RESPType.attribute else { return nil }
            value = Self.aggregate(frame.type, frame.elements)
        }
        return value
    }

    // MARK: Pieces

    /// The next line without its end; `nil` when it goes on with the next bytes.
    private mutating func readLine(_ input: inout ByteBuffer) throws(RESPFault) -> ByteBuffer? {
        let halfEnd = carried.readableBytes > 0 && carried.getInteger(at: carried.writerIndex - 1, as: UInt8.self) == CR
        let source = input
        let room = limits.line - carried.readableBytes
        let found = try Self.lineEnd(in: source.readableBytesUInt8Span, afterCR: halfEnd, room: room)
        let count = carried.readableBytes + (found ?? source.readableBytes)
        guard let end = found else {
            carried.writeBuffer(&input)
            return nil
        }
        let whole: ByteBuffer?
        if carried.readableBytes == 0 {
            whole = input.readSlice(length: end)
        } else {
            if var rest = input.readSlice(length: end) { carried.writeBuffer(&rest) }
            whole = carried
            carried = ByteBuffer()
        }
        try grow(by: count)
        return whole?.getSlice(at: whole?.readerIndex ?? 0, length: count - 2)
    }

    /// Where the next line begins; `nil` when the line at hand does not end in these bytes.
    /// - Parameters:
    ///   - afterCR: whether the byte before was the first half of a line end.
    ///   - room: how many bytes more the line may have before its end.
    private static func lineEnd(in bytes: Span<UInt8>, afterCR: Bool, room: Int) throws(RESPFault) -> Int? {
        guard bytes.count > 0 else { return nil }
        if afterCR {
            guard bytes[0] == LF else { throw .badLineEnd }
            return 1
        }
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == LF { throw .badLineEnd }
            guard byte == CR else {
                guard index <= room else { throw .lineTooLong }
                continue
            }
            guard index < bytes.count else { return nil }
            guard bytes[index] == LF else { throw .badLineEnd }
            return index + 1
        }
        return nil
    }

    /// A text of a known length; `nil` when it goes on with the next bytes.
    private mutating func readText(_ input: inout ByteBuffer, length: Int) throws(RESPFault) -> ByteBuffer? {
        let needed = length + 2
        var whole: ByteBuffer
        if carried.readableBytes == 0, input.readableBytes >= needed, let slice = input.readSlice(length: needed) {
            whole = slice
        } else {
            if var part = input.readSlice(length: min(needed - carried.readableBytes, input.readableBytes)) {
                carried.writeBuffer(&part)
            }
            guard carried.readableBytes == needed else { return nil }
            whole = carried
            carried = ByteBuffer()
        }
        guard let bytes = whole.readSlice(length: length), whole.readInteger(as: UInt16.self) == 0x0D0A else {
            throw .badLineEnd
        }
        return bytes
    }

    private mutating func grow(by count: Int) throws(RESPFault) {
        size += count
        guard size <= limits.bytes else { throw .tooLarge }
    }

    // MARK: Types

    /// Reads a line.
    /// - Returns: the value; `nil` when it only begins here.
    private mutating func interpret(_ line: ByteBuffer) throws(RESPFault) -> RESPValue? {
        var rest = line
        guard let type: UInt8 = rest.readInteger() else { throw .emptyLine }
        switch type {
        case RESPType.simple: return .simple(rest)
        case RESPType.error: return .error(rest)
        case RESPType.integer: return .integer(try RESPNumber.integer(rest))
        case RESPType.null:
            guard rest.readableBytes == 0 else { throw .badNumber }
            return .null
        case RESPType.boolean:
            switch (rest.readableBytes, rest.readInteger(as: UInt8.self)) {
            case (1, UInt8(ascii: "t")): return .boolean(true)
            case (1, UInt8(ascii: "f")): return .boolean(false)
            default: throw .badNumber
            }
        case RESPType.double: return .double(try RESPNumber.double(rest))
        case RESPType.bigNumber:
            try RESPNumber.checkDigits(rest)
            return .bigNumber(rest)
        case RESPType.bulk, RESPType.bulkError, RESPType.verbatim: return try expectText(type, rest)
        case RESPType.array, RESPType.map, RESPType.set, RESPType.push, RESPType.attribute:
            return try open(type, rest)
        case UInt8(ascii: ";"), UInt8(ascii: "."): throw .streamed
        default: throw .unknownType(type)
        }
    }

    private mutating func expectText(_ type: UInt8, _ line: ByteBuffer) throws(RESPFault) -> RESPValue? {
        guard let length = try RESPNumber.length(line, mayBeNull: type == RESPType.bulk) else { return .null }
        guard length <= limits.bytes else { throw .tooLarge }
        try grow(by: length + 2)
        text = Text(type: type, length: length)
        return nil
    }

    private mutating func open(_ type: UInt8, _ line: ByteBuffer) throws(RESPFault) -> RESPValue? {
        guard let count = try RESPNumber.length(line, mayBeNull: type == RESPType.array) else { return .null }
        if type == RESPType.push, !frames.isEmpty { throw .nestedPush }
        guard count <= limits.elements else { throw .tooManyElements }
        let elements = type == RESPType.map || type == RESPType.attribute ? 2 * count : count
        announced += elements
        guard announced <= limits.elements else { throw .tooManyElements }
        guard elements > 0 else { return type == RESPType.attribute ? nil : Self.aggregate(type, []) }
        guard frames.count < limits.depth else { throw .tooDeep }
        var frame = Frame(type: type, remaining: elements, elements: [])
        // Not more than a server has to send something for soon.
        frame.elements.reserveCapacity(min(elements, 64))
        frames.append(frame)
        return nil
    }

    private static func value(of text: ByteBuffer, type: UInt8) throws(RESPFault) -> RESPValue {
        switch type {
        case RESPType.bulkError: return .error(text)
        case RESPType.verbatim:
            var rest = text
            guard let format = rest.readSlice(length: 3), rest.readInteger() == UInt8(ascii: ":") else {
                throw .badVerbatim
            }
            return .verbatim(format: format, text: rest)
        default: return .bulk(text)
        }
    }

    private static func aggregate(_ type: UInt8, _ elements: [RESPValue]) -> RESPValue {
        switch type {
        case RESPType.map:
            .map(stride(from: 0, to: elements.count, by: 2).map { .init(elements[$0], elements[$0 + 1]) })
        case RESPType.set: .set(elements)
        case RESPType.push: .push(elements)
        default: .array(elements)
        }
    }
}

private let CR = UInt8(ascii: "\r")
private let LF = UInt8(ascii: "\n")
