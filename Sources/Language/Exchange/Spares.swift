/// Objects that are kept for their next use, so that none is made for each request: as many as were in use at once of late, and never
/// more than a limit.
public struct Spares<Element> {
    @usableFromInline let limit: Int
    @usableFromInline var kept: [Element] = []
    /// The fewest that were kept at any time since `letGo`: so many more than were needed.
    @usableFromInline var needless = 0

    /// Makes an empty store of at most `limit` objects.
    @inlinable public init(limit: Int) { self.limit = limit }

    /// One of the kept objects, the one that was given last; `nil` when none is left.
    @inlinable public mutating func take() -> Element? {
        guard let element = kept.popLast() else { return nil }
        if kept.count < needless { needless = kept.count }
        return element
    }

    /// Keeps an object that nobody uses any more.
    /// - Returns: whether there was room for it.
    @inlinable @discardableResult public mutating func give(_ element: Element) -> Bool {
        guard kept.count < limit else { return false }
        kept.append(element)
        return true
    }

    /// Lets go of what was not needed since the last time.
    /// - Returns: what is no longer kept.
    @discardableResult public mutating func letGo() -> [Element] {
        let former = Array(kept.prefix(needless))
        kept.removeFirst(former.count)
        // An array keeps its room otherwise.
        if kept.isEmpty { kept = [] }
        needless = kept.count
        return former
    }
}
