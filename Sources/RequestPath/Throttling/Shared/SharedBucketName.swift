import Crypto
import Exchange
import Model

/// How a shared rate's bucket is called on all nodes: a hash of the limit's name and place and of all that it counts by, 128 bits
/// of SHA-256. So its length does not depend on what callers send, and no one finds two callers of one name.
struct SharedBucketName {
    private var bytes: [UInt8] = []

    /// What the next value is, so that a customer is never taken for an address of the same text.
    enum Kind: UInt8 {
        case limit = 1
        case api, route, customer, address, subject, claim, label
    }

    init(limit: String, place: String) {
        add(.limit, place)
        add(.limit, limit)
    }

    mutating func add(_ kind: Kind, _ value: String) {
        addHead(kind, length: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// Adds an IPv4 address or the /64 of an IPv6 one.
    mutating func add(_ address: PeerAddress) {
        address.withBytes { address in
            let count = address.count == 16 ? 8 : address.count
            addHead(.address, length: count)
            for index in 0..<count { bytes.append(address[index]) }
        }
    }

    private mutating func addHead(_ kind: Kind, length: Int) {
        bytes.append(kind.rawValue)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }

    var text: String {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("daemun:rate:".utf8)
        for byte in SHA256.hash(data: bytes).prefix(16) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
