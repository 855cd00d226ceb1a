/// Reads the text format back by its grammar and finds what Prometheus would object to.
struct PrometheusChecker {
    struct Complaint: Error, CustomStringConvertible {
        let description: String
    }

    /// Values by `name{label="value",…}` with unescaped label values.
    private(set) var values: [String: Double] = [:]
    private(set) var types: [String: String] = [:]
    private var helps: Set<String> = []
    private var current: String?

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Complaint(description: "no newline at the end") }
        for line in text.split(separator: "\n") { try read(String(line)) }
        try checkHistograms()
    }

    private mutating func read(_ line: String) throws {
        func require(_ condition: Bool, _ text: String) throws {
            if !condition { throw Complaint(description: "\(text): \(line)") }
        }
        if line.hasPrefix("# HELP ") {
            let name = String(line.dropFirst(7).prefix { $0 != " " })
            try require(helps.insert(name).inserted, "a second HELP")
        } else if line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ").map(String.init)
            try require(words.count == 4 && ["counter", "gauge", "histogram"].contains(words[3]), "a bad type")
            try require(types.updateValue(words[3], forKey: words[2]) == nil, "a second TYPE")
            try require(words[3] != "counter" || words[2].hasSuffix("_total"), "a counter without _total")
            current = words[2]
        } else {
            var scanner = Substring(line)
            let name = String(scanner.prefix { $0.isLetter || $0 == "_" || $0 == ":" || $0.isNumber })
            scanner.removeFirst(name.count)
            try require(name.hasPrefix("daemun_"), "a name without the prefix")
            let suffixes = current.flatMap { types[$0] } == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
            try require(suffixes.contains { name == (current ?? "") + $0 }, "a sample outside of its family")
            let labels = try Self.labels(&scanner)
            try require(scanner.first == " ", "no blank before the value")
            let text = scanner.dropFirst()
            let number = text == "+Inf" ? Double.infinity : Double(text)
            guard let value = number else { return try require(false, "a bad value") }
            let key = labels.isEmpty ? name : "\(name){\(labels.joined(separator: ","))}"
            try require(values.updateValue(value, forKey: key) == nil, "a second sample")
        }
    }

    private static func labels(_ text: inout Substring) throws -> [String] {
        guard text.first == "{" else { return [] }
        var labels: [String] = []
        repeat {
            text.removeFirst()
            let name = text.prefix { $0 != "=" }
            let isQuoted = text.dropFirst(name.count + 1).first == "\""
            guard isQuoted, !name.isEmpty, name.allSatisfy({ $0.isLetter || $0 == "_" }) else {
                throw Complaint(description: "a bad label: \(text)")
            }
            text.removeFirst(name.count + 2)
            var value = ""
            while let next = text.popFirst(), next != "\"" {
                guard next == "\\" else {
                    value.append(next)
                    continue
                }
                switch text.popFirst() {
                case "n": value.append("\n")
                case let escaped? where escaped == "\\" || escaped == "\"": value.append(escaped)
                default: throw Complaint(description: "a bad escape")
                }
            }
            labels.append("\(name)=\"\(value)\"")
        } while text.first == ","
        guard text.popFirst() == "}" else { throw Complaint(description: "no closing brace") }
        return labels
    }

    /// Every histogram's buckets grow and end with the count.
    private func checkHistograms() throws {
        for (name, type) in types where type == "histogram" {
            var series: [String: [(bound: Double, count: Double)]] = [:]
            for (key, value) in values where key.hasPrefix("\(name)_bucket{") {
                guard let le = key.firstRange(of: "le=\"") else { throw Complaint(description: "a bucket without le") }
                let bound = key[le.upperBound...].dropLast(2)
                series[String(key[..<le.lowerBound]), default: []]
                    .append((bound == "+Inf" ? .infinity : Double(bound) ?? .nan, value))
            }
            for (key, buckets) in series {
                let sorted = buckets.sorted { $0.bound < $1.bound }
                let labels = key.dropFirst("\(name)_bucket".count).dropLast()
                let count = values["\(name)_count" + (labels.isEmpty ? "" : "\(labels)}")]
                guard sorted.last?.bound == .infinity, sorted.last?.count == count,
                    zip(sorted, sorted.dropFirst()).allSatisfy({ $0.count <= $1.count })
                else { throw Complaint(description: "a bad histogram: \(key)") }
            }
        }
    }
}
