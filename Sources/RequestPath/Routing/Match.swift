/// Where a request goes. Offsets count bytes of the canonical path.
public struct Match: Sendable {
    /// What the search ended with.
    public enum Outcome: Sendable, Equatable {
        /// The index of the route among its API's `routes`.
        case route(Int)
        /// A template matches the path, but takes other methods. For OPTIONS the gateway may answer with these itself.
        case methodNotAllowed(allow: MethodSet)
        /// No host, base path or route leads anywhere.
        case notFound
        /// The API does not take a path like this one.
        case refused(PathFault)
    }

    /// What the search ended with.
    public let outcome: Outcome
    /// The index of the API, or `nil` when host and base path lead to none.
    public let api: Int?
    /// Where the base path ends and the slash of the rest is, if there is a rest; 0 for an API at the root.
    public let basePathEnd: Int
    /// How many segments of the path the base path covers.
    public let depth: Int
    /// The values of the route's parameters, in the order of its template.
    public let parameters: ParameterRanges

    init(
        _ outcome: Outcome,
        api: Int? = nil,
        depth: Int = 0,
        basePathEnd: Int = 0,
        parameters: ParameterRanges = ParameterRanges()
    ) {
        self.outcome = outcome
        self.api = api
        self.depth = depth
        self.basePathEnd = basePathEnd
        self.parameters = parameters
    }
}

/// Where the values of a route's parameters stand in the canonical path; still percent-encoded. Held in place, without
/// allocation.
public struct ParameterRanges: Sendable {
    /// A template has this many parameters at most.
    public static let limit = 16

    /// How many there are.
    public private(set) var count = 0
    private var ranges = InlineArray<16, Bounds>(repeating: Bounds())

    private struct Bounds {
        var start: UInt32 = 0
        var end: UInt32 = 0
    }

    init() {}

    /// Reads the ranges off the segments that `mask` has a bit for; a greedy one, always the last, takes what is left.
    init(mask: UInt64, isGreedy: Bool, segments: Span<PathSegment>, length: Int) {
        var rest = mask
        while rest != 0 {
            let range = segments.range(rest.trailingZeroBitCount)
            rest &= rest - 1
            let end = rest == 0 && isGreedy ? length : range.upperBound
            ranges[count] = Bounds(
                start: UInt32(truncatingIfNeeded: range.lowerBound),
                end: UInt32(truncatingIfNeeded: end)
            )
            count += 1
        }
    }

    /// The bytes of a parameter's value. A greedy one has the slashes inside of it, and one at the path's end.
    public subscript(index: Int) -> Range<Int> {
        precondition(index < count, "a route has only its template's parameters")
        return Int(ranges[index].start)..<Int(ranges[index].end)
    }
}
