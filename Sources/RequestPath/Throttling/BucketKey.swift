public import Exchange

/// Which bucket a request draws from: a keyed hash of the limit and of what it counts by, 128 bits.
///
/// That any two of a million keys in use at a time share a bucket has a probability under 10⁻¹¹ (64 bits are compared, among
/// the keys of two groups), and nobody outside can bring it about. Those who share one are limited together.
public struct BucketKey: Sendable, Hashable {
    /// Where it stands in the table.
    let place: UInt64
    /// What tells it from others there; never 0.
    let mark: UInt64

    init(place: UInt64, mark: UInt64) {
        self.place = place
        self.mark = max(mark, 1)
    }
}

/// Makes keys of buckets, with a secret of its own.
///
/// The keys of limits that count by route or API are made once, when the plan is compiled; so may those of customers that are
/// known; addresses and claims are hashed at the request.
public struct BucketKeys: Sendable {
    private let secret: (UInt64, UInt64)

    /// Makes keys with a random secret; one for each process.
    public init() {
        self.init(secret: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)))
    }

    init(secret: (UInt64, UInt64)) { self.secret = secret }

    /// The key of a limit's bucket for a value.
    /// - Parameters:
    ///   - limit: which limit; different for two that count apart.
    ///   - value: what it counts by, the customer's id, say; empty for a limit that counts everybody together.
    public func key(limit: UInt64, value: Span<UInt8>) -> BucketKey {
        var hash = SipHash(key: secret)
        hash.combine(limit)
        let (place, mark) = hash.finish(value, before: 8)
        return BucketKey(place: place, mark: mark)
    }

    /// The key of a limit's bucket for a value that was hashed before.
    public func key(limit: UInt64, of value: BucketKey) -> BucketKey {
        var hash = SipHash(key: secret)
        hash.combine(limit)
        hash.combine(value.place)
        hash.combine(value.mark)
        let (place, mark) = hash.finish(Span<UInt8>(), before: 24)
        return BucketKey(place: place, mark: mark)
    }

    /// The key of a limit's bucket for a client's network.
    /// - Parameters:
    ///   - version4: how many bits of an IPv4 address count, 0…32.
    ///   - version6: of an IPv6 address, 0…128; whoever has one address usually has its /64.
    public func key(limit: UInt64, address: PeerAddress, version4: Int = 32, version6: Int = 64) -> BucketKey {
        address.withBytes { bytes in
            var network = InlineArray<16, UInt8>(repeating: 0)
            var bits = bytes.count == 16 ? version6 : version4
            for index in 0..<bytes.count where bits > 0 {
                network[index] = bits >= 8 ? bytes[index] : bytes[index] & ~(0xFF >> UInt8(bits))
                bits -= 8
            }
            return key(limit: limit, value: network.span.extracting(0..<bytes.count))
        }
    }
}
