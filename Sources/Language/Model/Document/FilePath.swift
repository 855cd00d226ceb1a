/// Paths as texts, without looking at a disk.
enum FilePath {
    /// `path` as seen from the folder of the file `base`.
    static func resolve(_ path: String, relativeTo base: String) -> String {
        normalized(path.hasPrefix("/") ? path : split(base).folder + "/" + path)
    }

    /// The folder (`.` for none) and the last component.
    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = String(path[..<slash])
        return (folder.isEmpty ? "/" : folder, String(path[path.index(after: slash)...]))
    }

    /// Without `.`, doubled slashes, and `..` after a folder.
    static func normalized(_ path: String) -> String {
        var kept: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = kept.last, last != ".." {
                kept.removeLast()
            } else if part != ".." || !path.hasPrefix("/") {
                kept.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + kept.joined(separator: "/")
    }

    /// Whether a file's name fits a pattern, in which `*` stands for any characters and `?` for one. As in a shell, a
    /// name that starts with a dot is met only by a pattern that does.
    static func matches(_ name: String, pattern: String) -> Bool {
        guard name.hasPrefix(".") == pattern.hasPrefix(".") else { return false }
        let name = Array(name)
        // For each prefix of the pattern: which prefixes of the name it meets.
        var met = [true] + Array(repeating: false, count: name.count)
        for wanted in pattern {
            var next = Array(repeating: false, count: met.count)
            next[0] = wanted == "*" && met[0]
            for index in name.indices {
                switch wanted {
                case "*": next[index + 1] = met[index + 1] || next[index]
                case "?": next[index + 1] = met[index]
                default: next[index + 1] = met[index] && name[index] == wanted
                }
            }
            met = next
        }
        return met[name.count]
    }
}
