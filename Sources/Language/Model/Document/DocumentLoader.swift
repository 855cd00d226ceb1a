/// Reads configuration files with what they include, and joins them to one document.
///
/// Mappings are united (`apis`, `backends`, `limits` …), lists are concatenated (`listen`, `trusted_proxies`), and
/// nothing may be said twice.
struct DocumentLoader {
    let source: FileSource
    let environment: Environment
    private(set) var faults: [Fault] = []
    /// The files in the order in which they were read, OpenAPI documents included.
    private(set) var files: [String] = []
    /// The folders in which a pattern such as `conf.d/*.yaml` looked for files.
    private(set) var folders: [String] = []
    /// Whether every file could be read; otherwise what refers to the others proves nothing.
    private(set) var isComplete = true
    private var sections: [YAMLNode.Entry] = []
    /// Where each key of the sections that were united stands, by section.
    private var places: [String: [String: YAMLNode.Key]] = [:]
    /// The files that are being read, each included by the one before it.
    private var chain: [String] = []

    init(source: FileSource, environment: Environment) {
        self.source = source
        self.environment = environment
    }

    /// Reads files and what they include. Faults are collected.
    /// - Returns: the joined document.
    mutating func load(_ paths: [String]) -> YAMLNode {
        for path in paths { load(FilePath.normalized(path), includedAt: nil) }
        let place = SourceLocation(file: files.first ?? "", line: 1, column: 1)
        return YAMLNode(content: .mapping(sections), location: place)
    }

    /// Reads a document that stands beside the configuration, such as an OpenAPI one. Its values are not substituted.
    mutating func loadDocument(_ path: String, namedAt location: SourceLocation) -> YAMLNode? {
        do {
            let path = FilePath.resolve(path, relativeTo: location.file)
            if !files.contains(path) { files.append(path) }
            let text = try source.read(path)
            let document = try YAMLNode.parse(text, file: path, &faults)
            if document == nil { faults.add("the file is empty", at: location, text: path) }
            return document
        } catch {
            faults.add(error, at: location)
            return nil
        }
    }

    /// Reads a file whose content becomes part of the model, such as a certificate.
    mutating func loadContent(_ path: Located<String>) -> NamedContent? {
        do throws(Fault) {
            let name = FilePath.resolve(path.value, relativeTo: path.location.file)
            if !files.contains(name) { files.append(name) }
            return NamedContent(name, bytes: try source.readBytes(name), source: path.location)
        } catch {
            faults.add(error, at: path.location)
            return nil
        }
    }

    /// Finds a secret in the environment, or in a file, where a line end after it does not belong to it.
    mutating func loadSecret(_ reference: Located<SecretReference>) -> Secret? {
        do throws(Fault) {
            let text = try secretText(reference)
            guard !text.isEmpty else { throw Fault("the secret is empty") }
            return Secret(text)
        } catch {
            faults.add(error, at: reference.location)
            return nil
        }
    }

    private mutating func secretText(_ reference: Located<SecretReference>) throws(Fault) -> String {
        switch reference.value {
        case .environment(let name):
            guard let value = environment.values[name] else {
                throw Fault("the environment has no such variable", text: name)
            }
            return value
        case .file(let name):
            let path = FilePath.resolve(name, relativeTo: reference.location.file)
            if !files.contains(path) { files.append(path) }
            let content = try source.read(path)
            return content.last?.isNewline == true ? String(content.dropLast()) : content
        }
    }

    private mutating func load(_ path: String, includedAt location: SourceLocation?) {
        if chain.contains(path), let location {
            let circle = (chain.drop { $0 != path } + [path]).joined(separator: " → ")
            faults.add("files include one another in a circle (\(circle))", at: location, text: path)
        }
        guard !files.contains(path) else { return }
        files.append(path)
        chain.append(path)
        defer { chain.removeLast() }
        do {
            let text = try source.read(path)
            let root = try YAMLNode.parse(text, file: path, environment: environment, &faults)
            guard let root else { return }
            guard case .mapping(let entries) = root.content else {
                faults.add("a configuration is a mapping, found \(root.kind)", at: root.location)
                isComplete = false
                return
            }
            for entry in entries where entry.key.text != "include" { join(entry) }
            if let list = root["include"] { include(list) }
        } catch {
            isComplete = false
            faults.append(Fault(error.message, at: error.location ?? location, text: error.text?.excerpt))
        }
    }

    private mutating func include(_ list: YAMLNode) {
        guard let patterns = Shape<[Located<String>]>.list(of: .text, orOne: true).read(list, &faults) else { return }
        for pattern in patterns {
            let path = FilePath.resolve(pattern.value, relativeTo: pattern.location.file)
            let (folder, name) = FilePath.split(path)
            guard name.contains("*") || name.contains("?") else {
                load(path, includedAt: pattern.location)
                continue
            }
            if !folders.contains(folder) { folders.append(folder) }
            do {
                let matches = try source.names(folder).filter { FilePath.matches($0, pattern: name) }
                for match in matches.sorted() {
                    load(FilePath.resolve(match, relativeTo: path), includedAt: pattern.location)
                }
            } catch {
                faults.add(error, at: pattern.location)
            }
        }
    }

    private mutating func join(_ entry: YAMLNode.Entry) {
        let name = entry.key.text
        guard let index = sections.firstIndex(where: { $0.key.text == name }) else {
            sections.append(entry)
            return
        }
        if Self.lists.contains(name) {
            let elements = elements(of: sections[index].value) + elements(of: entry.value)
            sections[index].value.content = .sequence(elements)
        } else if case .mapping = sections[index].value.content, case .mapping(let added) = entry.value.content {
            unite(added, into: index, of: name)
        } else {
            repeated(entry.key, first: sections[index].key)
        }
    }

    private mutating func unite(_ added: [YAMLNode.Entry], into index: Int, of name: String) {
        guard case .mapping(var entries) = sections[index].value.content else { return }
        // Taken out, so that adding to it does not copy what a thousand files have added before.
        sections[index].value.content = .faulty
        if places[name] == nil {
            places[name] = Dictionary(entries.map { ($0.key.text, $0.key) }, uniquingKeysWith: { first, _ in first })
        }
        for entry in added {
            if let earlier = places[name]?.updateValue(entry.key, forKey: entry.key.text) {
                repeated(entry.key, first: earlier)
            } else {
                entries.append(entry)
            }
        }
        sections[index].value.content = .mapping(entries)
    }

    /// The sections that several files may each add to, written as a list or as one element.
    private static let lists: Set = ["listen", "trusted_proxies"]

    private func elements(of node: YAMLNode) -> [YAMLNode] {
        guard case .sequence(let elements) = node.content else { return [node] }
        return elements
    }

    private mutating func repeated(_ key: YAMLNode.Key, first: YAMLNode.Key) {
        faults.add("this is said already, at \(first.location)", at: key.location, text: key.text)
    }
}
