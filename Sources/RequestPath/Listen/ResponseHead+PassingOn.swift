import Exchange

extension ResponseHead {
    /// The known fields of a backend's response that a client does not get: those of the backend's connection, its request id, and a
    /// length that would say something else of the answer, which is framed anew.
    func fieldsNotPassedOn(toHEAD isHEAD: Bool) -> FieldNameSet {
        var dropped = FieldNameSet.hopByHop.union(FieldNameSet(.xRequestID))
        switch framing {
        case _ where isHEAD: dropped.remove(FieldNameSet(.contentLength))
        case .length: dropped.remove(FieldNameSet(.contentLength))
        case .none:
            if status != 204 { dropped.remove(FieldNameSet(.contentLength)) }
        case .chunked, .untilClose: break
        }
        return dropped
    }
}
