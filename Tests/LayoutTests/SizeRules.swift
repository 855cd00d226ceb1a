/// The size of a file, or of one function in it, in lines.
struct Measure: Equatable {
    var path: String
    var function: String?
    var lines: Int

    fileprivate var key: String { function.map { "\(path) \($0)" } ?? path }
    fileprivate var limit: Int { function == nil ? Limits.softFile : Limits.function }
}

/// A known offender: a file or function that was over its limit, with the most lines that it may have. The number may
/// only fall.
struct RatchetEntry: Equatable {
    var key: String
    var lines: Int
}

/// The limits on sizes, in lines.
enum Limits {
    /// A file over this needs a line in the ratchet.
    static let softFile = 400
    /// A file over this has no excuse.
    static let hardFile = 800
    /// A function over this needs a line in the ratchet.
    static let function = 70
}

/// The entries of a ratchet file: `lines path` or `lines path function`; `#` starts a comment.
func ratchetEntries(_ text: String) -> [RatchetEntry] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let lines = Int(parts[0]) else { return nil }
        return RatchetEntry(key: String(parts[1]), lines: lines)
    }
}

/// The sizes of files and functions; of functions that share a name in a file, the longest counts.
func measures(of sources: [SwiftSource]) -> [Measure] {
    sources.flatMap { source in
        let functions = Dictionary(source.functions.map { ($0.name, $0.lineCount) }, uniquingKeysWith: max)
        return [Measure(path: source.path, lines: source.lineCount)]
            + functions.sorted { $0.key < $1.key }.map {
                Measure(path: source.path, function: $0.key, lines: $0.value)
            }
    }
}

/// Sizes over their limit that the ratchet does not cover, and ratchet lines that nothing needs any more.
func sizeFindings(_ measures: [Measure], ratchet: [RatchetEntry]) -> [Finding] {
    let allowed = Dictionary(ratchet.map { ($0.key, $0.lines) }, uniquingKeysWith: min)
    let needed = Set(measures.filter { $0.lines > $0.limit }.map(\.key))
    let tooLong = measures.compactMap { measure -> Finding? in
        if measure.function == nil, measure.lines > Limits.hardFile {
            return Finding(
                path: measure.key,
                reason: "\(measure.lines) lines; \(Limits.hardFile) is the most: split it"
            )
        }
        guard measure.lines > measure.limit else { return nil }
        guard let most = allowed[measure.key] else {
            return Finding(path: measure.key, reason: "\(measure.lines) lines, over \(measure.limit): split it")
        }
        guard measure.lines > most else { return nil }
        return Finding(
            path: measure.key,
            reason: "\(measure.lines) lines, but its number in the ratchet, \(most), may only fall"
        )
    }
    let superfluous = ratchet.filter { !needed.contains($0.key) }.map {
        Finding(path: $0.key, reason: "is within its limit now, or gone: remove its line from ratchet.txt")
    }
    return tooLong + superfluous
}
