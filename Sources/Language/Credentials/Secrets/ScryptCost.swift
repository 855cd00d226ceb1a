/// What a password's hash costs (RFC 7914): memory of 128 × `blockSize` × 2^`logRounds` bytes, read and written through
/// `lanes` times.
public struct ScryptCost: Sendable, Hashable {
    /// The binary logarithm of the number of rounds.
    public let logRounds: Int
    /// The size of a block, in 128 bytes.
    public let blockSize: Int
    /// How many times the whole is done.
    public let lanes: Int

    /// The bounds of what is taken from a stored text: no one may have a password check take gigabytes or hours.
    static let logRoundsRange = 10...20
    static let blockSizeRange = 1...16
    static let lanesRange = 1...4
    static let mostMemory = 128 << 20

    /// Makes a cost; `nil` for one outside of the bounds: 2^10 to 2^20 rounds, blocks of 1 to 16, 1 to 4 lanes, 128 MiB.
    public init?(logRounds: Int, blockSize: Int, lanes: Int) {
        guard Self.logRoundsRange.contains(logRounds), Self.blockSizeRange.contains(blockSize),
            Self.lanesRange.contains(lanes), (128 * blockSize) << logRounds <= Self.mostMemory,
            // RFC 7914, 2: rounds are fewer than 2^(16 × blockSize).
            logRounds < 16 * blockSize
        else { return nil }
        self.init(logRounds, blockSize, lanes)
    }

    private init(_ logRounds: Int, _ blockSize: Int, _ lanes: Int) {
        self.logRounds = logRounds
        self.blockSize = blockSize
        self.lanes = lanes
    }

    /// 2^15 rounds of blocks of 8: 32 MiB.
    public static let standard = ScryptCost(15, 8, 1)
    /// The least that is taken: 2^10 rounds of blocks of 8, 1 MiB. For tests.
    public static let least = ScryptCost(10, 8, 1)
}
