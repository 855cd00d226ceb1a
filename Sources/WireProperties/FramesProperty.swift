import Wire

/// What holds for any bytes as one side's WebSocket frames. The input's first byte says into how many pieces they are
/// cut (modulo 16) and whether a client sends them (bit 4), the second one after how many of them (modulo their number)
/// the gateway ends the connection, the next ones how long the pieces are; the rest is the frames.
/// - It makes no difference in which pieces they come.
/// - Frames end where the reference says, and a Close frame is seen when it has ended.
/// - Until the connection is ended everything is passed on; then nothing after the end of the frame at hand.
enum FramesProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        let choice = input.first ?? 0
        let sender: WebSocketFrames.Sender = choice & 16 == 0 ? .server : .client
        let lengths = input.dropFirst(2).prefix(Int(choice & 15)).map(Int.init)
        let bytes = Array(input.dropFirst(2 + Int(choice & 15)))
        let cut = Int(input.dropFirst().first ?? 0) % (bytes.count + 1)
        let reference = ReferenceFrames(bytes, from: sender)
        try checkFrames(bytes, from: sender, reference)
        for lengths in [lengths, Array(repeating: 1, count: bytes.count)] {
            var whole = WebSocketFrames(from: sender)
            whole.read(bytes.span)
            var inPieces = WebSocketFrames(from: sender)
            for piece in pieces(of: bytes, lengths: lengths) { inPieces.read(Array(piece).span) }
            try hold(inPieces == whole, "\(whole), but in pieces \(inPieces)")
            try checkPassage(bytes, from: sender, endedAfter: cut, inPiecesOf: lengths, reference)
        }
    }

    private static func checkFrames(
        _ bytes: [UInt8],
        from sender: WebSocketFrames.Sender,
        _ reference: ReferenceFrames
    ) throws(Violation) {
        var frames = WebSocketFrames(from: sender)
        var ends: [Int] = []
        var offset = 0
        while offset < bytes.count {
            offset = frames.readFrame(bytes.span, from: offset)
            if frames.isBetweenFrames { ends.append(offset) }
            let hasClosed = reference.untilClose.map { ends.count >= $0 } ?? false
            try hold(frames.hasClosed == hasClosed, "\(frames) after \(offset) bytes, by the reference \(reference)")
        }
        try hold(ends == reference.ends, "frames end at \(ends), by the reference \(reference)")
        try hold(frames.isLost == reference.isLost, "\(frames), by the reference \(reference)")
    }

    private static func checkPassage(
        _ bytes: [UInt8],
        from sender: WebSocketFrames.Sender,
        endedAfter cut: Int,
        inPiecesOf lengths: [Int],
        _ reference: ReferenceFrames
    ) throws(Violation) {
        var passage = WebSocketPassage(from: sender)
        let first = passage.pass(bytes.span.extracting(first: cut))
        try hold(first == .init(count: cut, closes: false), "\(first) while nothing has ended")
        var passed = cut
        var closes = passage.end() ? 1 : 0
        for piece in pieces(of: Array(bytes[cut...]), lengths: lengths) {
            let verdict = passage.pass(Array(piece).span)
            try hold(closes == 0 || verdict == .init(count: 0, closes: false), "\(verdict) after a Close frame")
            passed += verdict.count
            if verdict.closes { closes += 1 }
        }
        let ends = [0] + reference.ends
        // The end of the frame at hand, which is the cut itself when it stands between two frames.
        let end = ends.first { $0 >= cut }
        let claim =
            "\(passed) of \(bytes.count) bytes pass and \(closes) Close frames, ended after \(cut): \(reference)"
        try hold(passed == end ?? bytes.count, claim)
        let framesPassed = reference.ends.count { $0 <= passed }
        let hadClosed = reference.untilClose.map { framesPassed >= $0 } ?? false
        try hold(closes == (end != nil && !hadClosed ? 1 : 0), claim)
    }
}
