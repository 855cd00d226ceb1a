import Exchange

extension ResponseHead {
    /// The known fields of a backend's response that a client does not get: those of the backend's connection, its request
    /// id, a length that would say something else of the answer, which is framed anew, and what the listener says itself.
    func fieldsNotPassedOn(toHEAD isHEAD: Bool, through entrance: Entrance?) -> FieldNameSet {
        var dropped = FieldNameSet.hopByHop.union(FieldNameSet(.xRequestID))
        if let entrance { dropped.formUnion(entrance.replacedFields) }
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
