internal import Exchange

/// How long a call took and where the time went. Nanoseconds.
struct CallDurations {
    /// From the head's last byte to the response's last byte.
    let total: UInt64
    /// From the request's way to the backend to the last byte of its response, or to when it was given up: the last
    /// attempt's. 0 when nothing was sent to a backend.
    let backend: UInt64

    /// What is not the backend's: the gateway's own work, connecting, earlier attempts, and waiting for the client.
    var overhead: UInt64 { total - backend }

    init(_ record: borrowing ExchangeRecord) {
        total = Self.time(from: record.receivedAt, to: record.endedAt)
        let sent = record.sentToBackendAt
        let ended = record.backendEndedAt != 0 ? record.backendEndedAt : record.endedAt
        backend = min(Self.time(from: sent, to: ended), total)
    }

    private static func time(from start: UInt64, to end: UInt64) -> UInt64 {
        start != 0 && end > start ? end - start : 0
    }
}
