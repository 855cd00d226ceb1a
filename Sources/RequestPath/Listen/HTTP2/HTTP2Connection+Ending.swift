import Exchange
import NIOCore
import NIOHTTP2

/// The end of a connection: by the clock, by the gateway's stop, by the client's leave or by its fault.
extension HTTP2Connection {
    // MARK: The clock

    func setDeadline(_ nanoseconds: UInt64) {
        if let deadline { worker.deadlines.set(deadline, at: worker.now &+ nanoseconds) }
    }

    /// What the connection as a whole waits for: a call, or that the client reads.
    func updateDeadline() {
        guard let deadline, phase == .open else { return }
        if !isWritable {
            setDeadline(server.settings.rates.grace)
        } else if streams.isEmpty {
            setDeadline(server.settings.keepAliveTimeout)
        } else {
            worker.deadlines.clear(deadline)
        }
    }

    func deadlinePassed() {
        switch phase {
        case .open where !isWritable: checkReader()
        case .open where streams.isEmpty: sendGoAway(.noError)
        case .open: break
        case .announced: sendGoAway(.noError)
        case .ending, .lingering, .closed: abort("client.write-timeout")
        }
    }

    /// The client has been slow to take what was sent on all streams together.
    private func checkReader() {
        guard let context, let deadline else { return }
        let verdict = responsePace.check(
            taken: transport.sent - UntakenBytes.count(context),
            at: worker.now,
            pace: server.settings.rates.response,
            idle: server.settings.bodyIdleTimeout
        )
        switch verdict {
        case .wait(let time): worker.deadlines.set(deadline, at: time)
        case .slow: abort("client.write-slow")
        case .stalled: abort("client.write-timeout")
        }
    }

    func becameIdle() {
        switch phase {
        case .open: updateDeadline()
        case .ending: linger()
        case .announced, .lingering, .closed: break
        }
    }

    // MARK: A good end

    func drain() {
        if server.isDraining {
            for stream in streams.all where stream.isTunnel { stream.exchange?.integration?.drain() }
        }
        guard phase == .open else { return }
        phase = .announced
        transport.announceEnd()
        setDeadline(HTTP1Connection.drainGrace)
    }

    /// The client opens no further streams.
    func wasToldToEnd() {
        guard phase == .open || phase == .announced else { return }
        phase = .ending
        if streams.isEmpty { linger() } else { clearDeadline() }
    }

    /// Tells the client which stream is the last one. Without an error, the streams that are open go on.
    func sendGoAway(_ code: HTTP2ErrorCode) {
        guard phase == .open || phase == .announced || phase == .ending && code != .noError else { return }
        write(.goAway(lastStreamID: lastStream, errorCode: code, opaqueData: nil), on: .rootStream)
        context?.flush()
        guard code == .noError else { return fail(code) }
        phase = .ending
        if streams.isEmpty { linger() } else { clearDeadline() }
    }

    // MARK: A bad end

    /// The client has been told why; nothing that it still sends is looked at.
    func fail(_ code: HTTP2ErrorCode) {
        guard phase != .lingering, phase != .closed else { return }
        endStreams("client.protocol-error")
        linger()
    }

    func abort(_ cause: Cause) {
        endStreams(cause)
        close()
    }

    func endStreams(_ cause: Cause) {
        for stream in streams.all {
            stream.endCall(cause: cause)
            remove(stream)
        }
    }

    // MARK: Closing

    /// Sends our FIN after what was written, and waits a little for the client's, so that its unread bytes do not make the
    /// system send a reset that would destroy the last frames.
    func linger() {
        guard phase != .lingering, phase != .closed else { return }
        phase = .lingering
        transport.isDeaf = true
        // The last stream may have ended by a reset that is not flushed yet.
        context?.flush()
        guard phase == .lingering else { return }
        setDeadline(HTTP1Connection.lingerTime)
        context?.close(mode: .output, promise: nil)
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        context?.close(promise: nil)
    }

    private func clearDeadline() {
        if let deadline { worker.deadlines.clear(deadline) }
    }
}
