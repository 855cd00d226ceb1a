/// The bytes that are signed (RFC 9421, 2.5): a line for each covered component, and one for the signature's parameters.
package struct SignatureBase<Request: SignableRequest> {
    private let request: Request
    private let input: StructuredDictionary
    package private(set) var bytes: [UInt8] = []

    /// Makes the base of one entry of `Signature-Input`.
    package init(
        of request: Request,
        input: StructuredDictionary,
        entry: StructuredDictionary.Entry
    ) throws(SignatureFailure) {
        self.request = request
        self.input = input
        guard case .list(let members, _) = entry.content else { throw .malformed }
        bytes.reserveCapacity(1024)
        for index in members { try appendLine(input.members[index]) }
        bytes += #""@signature-params": "#.utf8
        input.write(entry.content, to: &bytes)
    }

    private mutating func appendLine(_ component: StructuredDictionary.Member) throws(SignatureFailure) {
        let start = bytes.count
        input.write(component, to: &bytes)
        let identifier = start..<bytes.count
        guard component.item.kind == .text, let name = input.text(of: component.item) else { throw .malformed }
        bytes += [UInt8(ascii: ":"), UInt8(ascii: " ")]
        let value = bytes.count
        let line = String(decoding: bytes[identifier], as: UTF8.self)
        if name.first == UInt8(ascii: "@") {
            guard try appendDerived(name, component, line) else { throw .unusableComponent(line) }
        } else {
            guard try appendField(name, component, line) else { throw .unusableComponent(line) }
        }
        // A line end would begin a component that the client did not name; other bytes, readers disagree on.
        guard bytes[value...].allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw .unusableComponent(line)
        }
        bytes.append(0x0A)
    }

    // MARK: Derived components (RFC 9421, 2.2)

    private mutating func appendDerived(
        _ name: [UInt8],
        _ component: StructuredDictionary.Member,
        _ line: String
    ) throws(SignatureFailure) -> Bool {
        if name.span.equals("@query-param") {
            guard component.parameters.count == 1,
                let item = input.parameter("name", in: component.parameters), item.kind == .text,
                let wanted = input.text(of: item)
            else { throw .unsupportedComponent(line) }
            var query: [UInt8] = []
            guard request.append(.query, to: &query) else { return false }
            guard let value = QueryParameters.onlyValue(of: wanted, in: query) else { return false }
            bytes += value
            return true
        }
        guard component.parameters.isEmpty else { throw .unsupportedComponent(line) }
        let span = name.span
        if span.equals("@method") { return request.append(.method, to: &bytes) }
        if span.equals("@request-target") { return request.append(.target, to: &bytes) }
        if span.equals("@scheme") { return appendScheme() }
        if span.equals("@authority") { return appendAuthority() }
        if span.equals("@path") { return appendPath() }
        if span.equals("@query") {
            bytes.append(UInt8(ascii: "?"))
            // An absent query is an empty one (RFC 9421, 2.2.7).
            _ = request.append(.query, to: &bytes)
            return true
        }
        if span.equals("@target-uri") { return appendTargetURI() }
        throw .unsupportedComponent(line)
    }

    private mutating func appendScheme() -> Bool {
        let start = bytes.count
        guard request.append(.scheme, to: &bytes), bytes.count > start else { return false }
        lowercase(from: start)
        return true
    }

    /// The host in lower case, without the scheme's own port (RFC 9421, 2.2.3).
    private mutating func appendAuthority() -> Bool {
        let start = bytes.count
        guard request.append(.authority, to: &bytes), bytes.count > start else { return false }
        lowercase(from: start)
        var scheme: [UInt8] = []
        _ = request.append(.scheme, to: &scheme)
        let defaultPort = scheme.span.equalsIgnoringCase("https") ? ":443" : ":80"
        if bytes[start...].reversed().starts(with: defaultPort.utf8.reversed()) {
            bytes.removeLast(defaultPort.utf8.count)
        }
        return true
    }

    private mutating func appendPath() -> Bool {
        let start = bytes.count
        guard request.append(.path, to: &bytes) else { return false }
        if bytes.count == start { bytes.append(UInt8(ascii: "/")) }
        return true
    }

    private mutating func appendTargetURI() -> Bool {
        guard appendScheme() else { return false }
        bytes += "://".utf8
        guard appendAuthority(), appendPath() else { return false }
        let end = bytes.count
        bytes.append(UInt8(ascii: "?"))
        if !request.append(.query, to: &bytes) { bytes.removeLast(bytes.count - end) }
        return true
    }

    private mutating func lowercase(from start: Int) {
        for index in start..<bytes.count { bytes[index] = bytes[index].lowercased }
    }

    // MARK: Fields (RFC 9421, 2.1)

    private mutating func appendField(
        _ name: [UInt8],
        _ component: StructuredDictionary.Member,
        _ line: String
    ) throws(SignatureFailure) -> Bool {
        guard !name.isEmpty, name.allSatisfy({ !(0x41...0x5A).contains($0) }) else {
            throw .unusableComponent(line)
        }
        switch component.parameters.count {
        case 0: return appendValues(ofField: name, wrapped: false)
        case 1:
            if let flag = input.parameter("bs", in: component.parameters), flag.kind == .boolean, flag.value == 1 {
                return appendValues(ofField: name, wrapped: true)
            }
            guard let item = input.parameter("key", in: component.parameters), item.kind == .text,
                let key = input.text(of: item)
            else { throw .unsupportedComponent(line) }
            return appendMember(key, ofField: name)
        default: throw .unsupportedComponent(line)
        }
    }

    private mutating func appendValues(ofField name: [UInt8], wrapped: Bool) -> Bool {
        let start = bytes.count
        FieldValues.append(of: name, in: request, wrapped: wrapped, to: &bytes)
        return bytes.count > start || FieldValues.isPresent(name, in: request)
    }

    /// The value of a dictionary's member, written anew (RFC 9421, 2.1.2).
    private mutating func appendMember(_ key: [UInt8], ofField name: [UInt8]) -> Bool {
        var field: [UInt8] = []
        FieldValues.append(of: name, in: request, wrapped: false, to: &field)
        guard let dictionary = try? StructuredDictionary(field), let entry = dictionary.entry(key.span) else {
            return false
        }
        dictionary.write(entry.content, to: &bytes)
        return true
    }
}
