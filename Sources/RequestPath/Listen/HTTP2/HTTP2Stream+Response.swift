import Exchange
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

/// Writing: what a call answers becomes frames, the head and the body's last part held back until it is known whether they are the
/// last ones.
extension HTTP2Stream: ClientStream {
    /// Over so many bytes that the client has not taken, its backend has to wait.
    private static let mostUnsent = 65_536
    private static let fewUnsent = 32_768
    private static let joinedAtMost = 16_384
    /// A frame that every client takes (RFC 9113, 4.2). NIO does not spread fields over several.
    private static let largestFrame = 16_384
    private static let surelyFits = 4_096

    // MARK: A backend's response

    func sendInformational(_ head: borrowing ResponseHead) {
        guard exchange != nil, !hasResponseStarted, let connection else { return }
        let fields = HPACKHeaders(head, dropping: .hopByHop, roomFor: 0)
        guard fits(fields, head) else { return }
        connection.write(.headers(.init(headers: fields)), on: id)
        connection.flushLater()
    }

    func sendContinue() {
        connection?.write(.headers(.init(headers: [":status": "100"])), on: id)
        connection?.flushLater()
    }

    func send(_ head: borrowing ResponseHead) {
        guard let exchange else { return }
        var dropped = FieldNameSet.hopByHop.union(FieldNameSet(.xRequestID))
        switch head.framing {
        case _ where exchange.request.isHEAD: dropped.remove(FieldNameSet(.contentLength))
        case .length: dropped.remove(FieldNameSet(.contentLength))
        case .none:
            if head.status != 204 { dropped.remove(FieldNameSet(.contentLength)) }
        case .chunked, .untilClose: break
        }
        var fields = HPACKHeaders(head, dropping: dropped, roomFor: 1)
        guard fits(fields, head) else {
            refuse(Refusal(status: 502, cause: "backend.head-too-large-for-http2"))
            return
        }
        fields.add(exchange.requestID)
        hasResponseStarted = true
        exchange.record.status = head.status
        heldHead = fields
    }

    func sendBody(_ part: ByteBuffer) {
        // A backend that was asked with another method than HEAD answers with a body.
        guard let exchange, !exchange.request.isHEAD else { return }
        exchange.record.responseBytes += part.readableBytes
        pushHead()
        guard var held = heldBody else {
            heldBody = part
            return
        }
        heldBody = nil
        if queued > 0, held.readableBytes + part.readableBytes <= Self.joinedAtMost {
            // While the client does not read, small parts must not each keep the large buffer that they came in.
            held.writeImmutableBuffer(part)
            heldBody = held
        } else {
            push(held, isLast: false)
            heldBody = part
        }
    }

    func sendEnd(trailers: ByteBuffer?) {
        guard exchange != nil, let connection else { return }
        if let trailers {
            pushHead()
            pushBody()
            let fields = HPACKHeaders(trailers: trailers, names: worker.fieldNames)
            connection.write(.headers(.init(headers: fields, endStream: true)), on: id)
        } else if let head = heldHead {
            heldHead = nil
            connection.write(.headers(.init(headers: head, endStream: true)), on: id)
        } else {
            let last = heldBody ?? ByteBuffer()
            heldBody = nil
            push(last, isLast: true)
        }
        finish(connection)
    }

    // MARK: The gateway's own answers

    func send(_ reply: Reply) {
        guard let exchange, let connection else { return }
        hasResponseStarted = true
        exchange.record.status = reply.status
        let mayHaveBody = reply.status != 204 && reply.status != 304
        let body = mayHaveBody && !exchange.request.isHEAD ? reply.body : ByteBuffer()
        var fields = HPACKHeaders()
        fields.reserveCapacity(reply.fields.count + 4)
        fields.add(name: ":status", value: StatusText.of(reply.status))
        fields.add(name: "date", value: connection.server.date.currentText())
        for field in reply.fields { fields.add(name: field.name.lowercased(), value: field.value) }
        if mayHaveBody {
            fields.add(name: "content-length", value: "\(reply.body.readableBytes)", indexing: .nonIndexable)
        }
        fields.add(exchange.requestID)
        exchange.record.responseBytes += body.readableBytes
        connection.write(.headers(.init(headers: fields, endStream: body.readableBytes == 0)), on: id)
        if body.readableBytes > 0 { push(body, isLast: true) }
        finish(connection)
    }

    // MARK: Ends

    func abort(_ cause: Cause) { close(cause, .internalError) }

    func flush() {
        guard let connection else { return }
        pushHead()
        if queued == 0 { pushBody() }
        connection.flushLater()
        connection.settleLater(self)
    }

    private func finish(_ connection: HTTP2Connection) {
        exchange?.integration = nil
        endCall(cause: nil)
        connection.flushLater()
        connection.settleLater(self)
    }

    // MARK: What has left

    /// A frame has left NIO's handler for the socket.
    func wrote(_ count: Int, isLast: Bool) {
        queued -= count
        if isLast { hasResponseLeft = true }
        connection?.settleLater(self)
    }

    func didReset(_ code: HTTP2ErrorCode) {
        isBroken = true
        connection?.settleLater(self)
    }

    /// Does what follows from what has left. Called after a flush.
    /// - Returns: whether there is something to flush.
    func settle() -> Bool {
        guard let connection else { return false }
        if isBroken {
            endCall(cause: "client.protocol-error")
            connection.remove(self)
            return false
        }
        if hasResponseLeft {
            let isRequestUnread = !isLastReceived
            let id = self.id
            endCall(cause: nil)
            connection.remove(self)
            // The client need not send the rest (RFC 9113, 8.1).
            if isRequestUnread { connection.reset(id, .noError) }
            return isRequestUnread
        }
        var hasWritten = false
        if queued == 0, heldBody != nil {
            pushBody()
            hasWritten = true
        }
        tellWritability()
        if queued > 0 { setDeadline() } else if hasResponseStarted { clearDeadline() }
        return hasWritten
    }

    private func tellWritability() {
        let unsent = queued + (heldBody?.readableBytes ?? 0)
        if isClientWritable, unsent > Self.mostUnsent {
            isClientWritable = false
            exchange?.integration?.setClientWritable(false)
        } else if !isClientWritable, unsent < Self.fewUnsent {
            isClientWritable = true
            exchange?.integration?.setClientWritable(true)
        }
    }

    // MARK: Pieces

    private func pushHead() {
        guard let head = heldHead else { return }
        heldHead = nil
        connection?.write(.headers(.init(headers: head)), on: id)
    }

    private func pushBody() {
        guard let body = heldBody else { return }
        heldBody = nil
        push(body, isLast: false)
    }

    private func push(_ body: ByteBuffer, isLast: Bool) {
        queued += body.readableBytes
        connection?.write(.data(.init(data: .byteBuffer(body), endStream: isLast)), on: id)
    }

    private func fits(_ fields: HPACKHeaders, _ head: borrowing ResponseHead) -> Bool {
        guard let last = head.section.fields.last, last.lineEnd > Self.surelyFits else { return true }
        return fields.mostEncodedBytes < Self.largestFrame - 64
    }
}

extension HPACKHeaders {
    /// Adds the field that every answer has.
    fileprivate mutating func add(_ id: RequestID) {
        var text = ""
        id.withText { bytes in
            unsafe bytes.withUnsafeBytes { text = unsafe String(decoding: $0, as: UTF8.self) }
        }
        add(name: "x-request-id", value: text, indexing: .nonIndexable)
    }
}
