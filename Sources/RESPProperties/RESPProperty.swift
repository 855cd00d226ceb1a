import NIOCore
public import RESP

/// What must hold for any bytes as replies of a server. The input's first byte says into how many pieces they are cut (modulo 16),
/// the next ones how long the pieces are; the rest is the replies.
/// - It makes no difference in which pieces they come: the same values and the same fault at the end.
/// - What was read, written anew, is read as the same again.
public enum RESPProperty {
    /// A property that does not hold for an input.
    public struct Violation: Error, CustomStringConvertible {
        /// What was expected and what came instead.
        public let description: String
    }

    /// The bounds under which the property is checked; small, so that inputs reach them.
    public static var limits: RESPLimits {
        var limits = RESPLimits()
        limits.line = 64
        limits.bytes = 1024
        limits.elements = 64
        limits.depth = 4
        return limits
    }

    /// Holds the parser to the property for one input.
    public static func check(_ input: [UInt8]) throws(Violation) {
        let choice = Int((input.first ?? 0) & 15)
        let lengths = input.dropFirst().prefix(choice).map(Int.init)
        let bytes = Array(input.dropFirst(1 + choice))
        let whole = read(bytes, lengths: [])
        for lengths in [lengths, Array(repeating: 1, count: bytes.count)] {
            let inPieces = read(bytes, lengths: lengths)
            guard inPieces == whole else {
                throw Violation(description: "\(whole), but in pieces of \(lengths) \(inPieces)")
            }
        }
        // Some values take more bytes in the one way in which they are written.
        let again = read(whole.written, lengths: [], limits: RESPLimits())
        guard again.written == whole.written, again.fault == nil else {
            throw Violation(description: "\(whole), but written anew \(again)")
        }
    }

    /// What was read. Values are compared as they are written, since `nan` is not equal to itself.
    private struct Reading: Equatable {
        var written: [UInt8] = []
        var fault: RESPFault?
    }

    private static func read(_ bytes: [UInt8], lengths: [Int], limits: RESPLimits = RESPProperty.limits) -> Reading {
        var parser = RESPParser(limits: limits)
        var writer = RESPWriter()
        var fault: RESPFault?
        var rest = bytes[...]
        var lengths = lengths[...]
        while !rest.isEmpty, fault == nil {
            let count = lengths.popFirst() ?? rest.count
            var piece = ByteBuffer(bytes: rest.prefix(count))
            rest = rest.dropFirst(count)
            do throws(RESPFault) {
                while let value = try parser.parse(&piece) { writer.value(value) }
            } catch {
                fault = error
            }
        }
        return Reading(written: Array(writer.bytes.readableBytesView), fault: fault)
    }
}
