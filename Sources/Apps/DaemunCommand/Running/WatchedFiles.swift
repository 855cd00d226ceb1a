import Foundation

/// Notices that files have changed by looking at their marks. Free of time.
///
/// A mark is what `stat` says at the end of all symbolic links, so that it differs after a write, after an editor has put
/// another file in its place, and after a mounted ConfigMap was switched over. Of a folder it changes with its names.
struct WatchedFiles {
    /// What a look at the files showed.
    enum Finding {
        case same
        /// They differ from what they were, and may be in the middle of a change.
        case changing
        /// They have changed, and have not since the last look.
        case changed
    }

    private enum Mark: Equatable {
        case file(UInt64, size: UInt64, modified: Date)
        case missing
        /// It was written when it was read, and so differs from whatever is found of it, even from nothing.
        case unsettled

        init(_ path: String) {
            let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
                self = .missing
                return
            }
            self = .file(
                (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0,
                size: (attributes[.size] as? NSNumber)?.uint64Value ?? 0,
                modified: attributes[.modificationDate] as? Date ?? .distantPast
            )
        }
    }

    /// As they were when they were found changed, or first followed.
    private var known: [String: Mark]
    /// As they were at the last look, if they differed then.
    private var seen: [String: Mark]?

    /// - Parameter reading: when the files began to be read. What was written since may not be what was read, and counts as changed.
    init(_ paths: [String], reading: Date? = nil) { known = Self.marks(of: paths, reading: reading) }

    /// Watches these from now on. Those that were watched before keep their marks: they may have changed while they were
    /// read.
    mutating func follow(_ paths: [String], reading: Date? = nil) {
        let former = known
        known = Self.marks(of: paths, reading: reading).merging(former.filter { paths.contains($0.key) }) { _, former in
            former
        }
        seen = nil
    }

    /// Looks at the files once.
    mutating func look() -> Finding {
        let marks = Self.marks(of: Array(known.keys))
        if marks == known {
            seen = nil
            return .same
        }
        guard marks == seen else {
            seen = marks
            return .changing
        }
        known = marks
        seen = nil
        return .changed
    }

    private static func marks(of paths: [String], reading: Date? = nil) -> [String: Mark] {
        let marks = paths.map { path -> (String, Mark) in
            let mark = Mark(path)
            if let reading, case .file(_, _, let modified) = mark, modified >= reading - clockStep {
                return (path, .unsettled)
            }
            return (path, mark)
        }
        return Dictionary(marks, uniquingKeysWith: { first, _ in first })
    }

    /// Systems mark files by a clock that is behind by up to this, in seconds.
    private static let clockStep: TimeInterval = 0.02
}
