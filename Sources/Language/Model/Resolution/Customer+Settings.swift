extension Customer {
    /// Reads what the configuration file says under a customer's id, as a JSON or YAML text, without credentials: those are made
    /// and kept apart.
    /// - Parameters:
    ///   - id: the customer's id, a name as in the file.
    ///   - settings: the mapping; at most 64 KiB.
    /// - Throws: all faults at once, with line and column in `settings`.
    public init(id: String, settings: String) throws(Faults) {
        var faults: [Fault] = []
        guard Self.isName(id) else {
            throw Faults([Fault("expected a name (letters, digits, - _ . and at most 64 of them)", text: id)])
        }
        guard settings.utf8.count <= Self.mostSettingsBytes else {
            throw Faults([Fault("a customer's settings have at most \(Self.mostSettingsBytes) bytes")])
        }
        let node: YAMLNode?
        do throws(Fault) {
            node = try YAMLNode.parse(settings, file: "settings", &faults)
        } catch {
            throw Faults([error])
        }
        guard let node else {
            self.init(id: id)
            return
        }
        for name in ["api_keys", "passwords"] {
            guard let written = node[name] else { continue }
            faults.add("credentials are made by the gateway, each by itself", at: written.location, text: name)
        }
        for name in Self.onlyInFile {
            guard let written = node[name] else { continue }
            faults.add("only customers of the configuration file have this so far", at: written.location, text: name)
        }
        let declaration = unsafe Self.shape.read(node, &faults)
        guard faults.isEmpty, let declaration else { throw Faults(faults) }
        self = declaration.customer
        self.id = id
        plan = declaration.plan?.value
    }

    /// Made once, since that takes longer than to read settings by it.
    // Invariant: a shape never changes, and its closures capture nothing that could, so that any thread may read by it.
    private nonisolated(unsafe) static let shape = Shape<CustomerDeclaration>.customer

    /// Whether a text can name a customer, or one of its keys.
    public static func isName(_ text: String) -> Bool { Shape<String>.isName(text) }

    private static var onlyInFile: [String] { ["signing_keys", "certificates", "backends", "versions", "sandbox"] }

    private static var mostSettingsBytes: Int { 64 << 10 }
}
