public import Exchange
public import NIOCore

extension ByteBuffer {
    /// Writes the frame before a chunk's data: its size in hex and a line end.
    public mutating func writeChunkSize(_ size: Int) {
        var started = false
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: size >> shift) & 15
            if digit != 0 || started || shift == 0 {
                started = true
                writeInteger(digit < 10 ? digit + 48 : digit + 87)
            }
        }
        writeStaticString("\r\n")
    }
}

extension HeadWriter {
    /// Writes one field as `name: value CRLF`.
    mutating func writeField(_ field: Field, of head: ByteBuffer) {
        let bytes = head.readableBytesSpan
        writeBytes(bytes.extracting(field.name.range))
        writeStaticString(": ")
        writeBytes(bytes.extracting(field.value.range))
        writeStaticString("\r\n")
    }

    /// Writes the fields of a section without those in `dropped` and those that `Connection` names. Neighbours that read
    /// exactly as they would be written are copied together.
    public mutating func writeFields(
        _ section: borrowing FieldSection,
        of head: ByteBuffer,
        dropping dropped: FieldNameSet
    ) {
        var runStart = 0
        var runEnd = 0
        let bytes = head.readableBytesSpan
        for index in 0..<section.fields.count {
            let field = section.fields[index]
            let isDropped =
                dropped.has(field.known)
                || section.connectionNamesOthers && section.isNamedByConnection(field, of: head)
            if !isDropped, field.isCanonical {
                // A field that was taken off the table leaves a gap, which ends the run.
                if runEnd > runStart, Int(field.name.start) != runEnd {
                    writeBytes(bytes.extracting(runStart..<runEnd))
                    runStart = runEnd
                }
                if runEnd == runStart { runStart = Int(field.name.start) }
                runEnd = field.lineEnd
                continue
            }
            if runEnd > runStart { writeBytes(bytes.extracting(runStart..<runEnd)) }
            runStart = runEnd
            if !isDropped { writeField(field, of: head) }
        }
        if runEnd > runStart { writeBytes(bytes.extracting(runStart..<runEnd)) }
    }
}

extension FieldSection {
    /// Whether a `Connection` field names this one (RFC 9110, 7.6.1). Only asked when some unusual name is in there.
    func isNamedByConnection(_ field: Field, of head: ByteBuffer) -> Bool {
        let span = head.readableBytesUInt8Span
        // The body goes on, and so must its length: without it, the body would be read as the next message.
        if field.known == .contentLength { return false }
        var isNamed = false
        for index in 0..<fields.count where fields[index].known == .connection {
            ListElements.forEach(span, fields[index].value.range) { element in
                guard element.count == field.name.count else { return }
                for offset in 0..<element.count
                where Scan.lowercased(span[element.lowerBound + offset])
                    != Scan.lowercased(span[Int(field.name.start) + offset])
                {
                    return
                }
                isNamed = true
            }
        }
        return isNamed
    }
}
